"""E-mails carry text and HTML, and a way out."""

from datetime import UTC, datetime

import pytest

from service.notify import mail
from service.notify.mail import NotSent
from service.settings import ServerSettings

START = datetime(2031, 3, 3, 9, 0, tzinfo=UTC)
PAYLOAD = {
    "subject": "Vests:\r\nBcc: all@example.eu",
    "text": "Häirekeskus asks",
    "html": "<p>Häirekeskus asks</p>",
    "unsubscribe": "https://match.example/api/v1/unsubscribe/x",
}


def settings(port=2525, host="127.0.0.1"):
    """Settings that name a server."""
    return ServerSettings(smtp_host=host, smtp_port=port, smtp_tls=False, _env_file=None)


def made(**fields):
    """The e-mail of the payload."""
    return mail.message(
        "needmatch@match.example", "ivo@example.eu", PAYLOAD | fields, delivery_id="d-1", at=START
    )


def test_a_message_arrives_in_both_forms_with_a_way_out(post):
    """The server gets text and HTML, one-click unsubscribing, and no header that a subject smuggled in."""
    mail.send(settings(post.port), made())
    (got,) = post.mails
    assert got["Subject"] == "Vests: Bcc: all@example.eu"
    assert got["Bcc"] is None
    assert got["List-Unsubscribe"] == "<https://match.example/api/v1/unsubscribe/x>"
    assert got["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert got["Message-ID"] == "<d-1@match.example>"
    assert "Häirekeskus" in got.get_body(("plain",)).get_content()
    assert "Häirekeskus" in got.get_body(("html",)).get_content()
    assert post.recipients == ["RCPT TO:<ivo@example.eu>"] or "ivo@example.eu" in post.recipients[0]


@pytest.mark.parametrize(("reply", "final"), [("550 no such user", True), ("450 later", False)])
def test_a_refused_recipient_is_given_up_where_that_is_final(post, reply, final):
    """A 5xx is not tried again, a 4xx is."""
    post.reply = reply
    with pytest.raises(NotSent) as caught:
        mail.send(settings(post.port), made())
    assert caught.value.final is final


def test_a_server_that_is_not_there_is_said(socket_enabled, post):
    """Nobody listens, or none is set: it is said, and tried again."""
    with pytest.raises(NotSent, match="could not be reached"):
        mail.send(settings(1), made())
    with pytest.raises(NotSent, match="No mail server"):
        mail.send(settings(host=""), made())


def test_a_message_without_html_is_plain():
    """A warning of an account is text alone."""
    assert made(html="", unsubscribe="").get_content_type() == "text/plain"
    assert made(html="", unsubscribe="")["List-Unsubscribe"] is None
