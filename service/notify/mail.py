"""E-mails: text and HTML in one message, sent over SMTP, with a way out that needs no sign-in."""

import re
import smtplib
import ssl
from collections.abc import Mapping
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from typing import Any

from matcher.errors import NeedmatchError
from service.settings import ServerSettings

TIMEOUT_S = 20.0
_ADDRESS = re.compile(r"[^@\s\x00-\x1f\x7f<>,;:\"()\[\]\\]{1,64}@[A-Za-z0-9.-]{1,253}")


class NotSent(NeedmatchError):
    """A message did not leave; says why. `final` where trying again is of no use."""

    def __init__(self, message: str, *, final: bool = False) -> None:
        self.final = final
        super().__init__(message)


def sound(address: str) -> bool:
    r"""Whether it is one plain address.

    >>> sound("desk@police.example"), sound("a@b.example\nBcc: c@d.example")
    (True, False)
    """
    return _ADDRESS.fullmatch(address) is not None and ".." not in address


def message(
    sender: str, recipient: str, payload: Mapping[str, Any], *, delivery_id: str, at: datetime
) -> EmailMessage:
    """The e-mail of a payload: `subject`, `text`, `html`, and `unsubscribe` where there is a way out.

    Its id is that of the delivery, so that one that is sent twice is recognised.
    """
    made = EmailMessage()
    made["From"] = sender
    made["To"] = recipient
    made["Subject"] = " ".join(str(payload["subject"]).split())
    made["Date"] = format_datetime(at)
    domain = parseaddr(sender)[1].rpartition("@")[2] or "localhost"
    made["Message-ID"] = f"<{delivery_id}@{domain}>"
    made["Auto-Submitted"] = "auto-generated"
    if payload.get("unsubscribe"):
        made["List-Unsubscribe"] = f"<{payload['unsubscribe']}>"
        made["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    made.set_content(str(payload["text"]))
    if payload.get("html"):
        made.add_alternative(str(payload["html"]), subtype="html")
    return made


def send(settings: ServerSettings, made: EmailMessage) -> None:
    """Hand a message to the mail server. Raises `NotSent`."""
    if not settings.smtp_host:
        raise NotSent("No mail server is set (NEEDMATCH_SMTP_HOST).")
    try:
        with smtplib.SMTP(settings.smtp_host, settings.smtp_port, timeout=TIMEOUT_S) as server:
            if settings.smtp_tls:
                server.starttls(context=ssl.create_default_context())
            if settings.smtp_user:
                server.login(settings.smtp_user, settings.smtp_password.get_secret_value())
            server.send_message(made)
    except smtplib.SMTPRecipientsRefused as error:
        code = max((code for code, _ in error.recipients.values()), default=500)
        raise NotSent(f"The mail server refused the recipient ({code}).", final=code >= 500) from error
    except smtplib.SMTPResponseException as error:
        raise NotSent(f"The mail server answered {error.smtp_code}.", final=False) from error
    except (OSError, smtplib.SMTPException) as error:
        raise NotSent(f"The mail server could not be reached ({type(error).__name__}).") from error
