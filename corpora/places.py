"""Countries: every spelling that procurement data uses for them, read as ISO 3166-1 alpha-2.

Eurostat and NUTS write EL and UK where ISO writes GR and GB, eForms writes alpha-3 (`LUX`), people
write names. Inside the engine there is only alpha-2.
"""

import re

from matcher.records import EU_COUNTRIES

_ISO = """
AD:AND AE:ARE AF:AFG AG:ATG AI:AIA AL:ALB AM:ARM AO:AGO AQ:ATA AR:ARG AS:ASM AT:AUT AU:AUS AW:ABW AX:ALA
AZ:AZE BA:BIH BB:BRB BD:BGD BE:BEL BF:BFA BG:BGR BH:BHR BI:BDI BJ:BEN BL:BLM BM:BMU BN:BRN BO:BOL BQ:BES
BR:BRA BS:BHS BT:BTN BV:BVT BW:BWA BY:BLR BZ:BLZ CA:CAN CC:CCK CD:COD CF:CAF CG:COG CH:CHE CI:CIV CK:COK
CL:CHL CM:CMR CN:CHN CO:COL CR:CRI CU:CUB CV:CPV CW:CUW CX:CXR CY:CYP CZ:CZE DE:DEU DJ:DJI DK:DNK DM:DMA
DO:DOM DZ:DZA EC:ECU EE:EST EG:EGY EH:ESH ER:ERI ES:ESP ET:ETH FI:FIN FJ:FJI FK:FLK FM:FSM FO:FRO FR:FRA
GA:GAB GB:GBR GD:GRD GE:GEO GF:GUF GG:GGY GH:GHA GI:GIB GL:GRL GM:GMB GN:GIN GP:GLP GQ:GNQ GR:GRC GS:SGS
GT:GTM GU:GUM GW:GNB GY:GUY HK:HKG HM:HMD HN:HND HR:HRV HT:HTI HU:HUN ID:IDN IE:IRL IL:ISR IM:IMN IN:IND
IO:IOT IQ:IRQ IR:IRN IS:ISL IT:ITA JE:JEY JM:JAM JO:JOR JP:JPN KE:KEN KG:KGZ KH:KHM KI:KIR KM:COM KN:KNA
KP:PRK KR:KOR KW:KWT KY:CYM KZ:KAZ LA:LAO LB:LBN LC:LCA LI:LIE LK:LKA LR:LBR LS:LSO LT:LTU LU:LUX LV:LVA
LY:LBY MA:MAR MC:MCO MD:MDA ME:MNE MF:MAF MG:MDG MH:MHL MK:MKD ML:MLI MM:MMR MN:MNG MO:MAC MP:MNP MQ:MTQ
MR:MRT MS:MSR MT:MLT MU:MUS MV:MDV MW:MWI MX:MEX MY:MYS MZ:MOZ NA:NAM NC:NCL NE:NER NF:NFK NG:NGA NI:NIC
NL:NLD NO:NOR NP:NPL NR:NRU NU:NIU NZ:NZL OM:OMN PA:PAN PE:PER PF:PYF PG:PNG PH:PHL PK:PAK PL:POL PM:SPM
PN:PCN PR:PRI PS:PSE PT:PRT PW:PLW PY:PRY QA:QAT RE:REU RO:ROU RS:SRB RU:RUS RW:RWA SA:SAU SB:SLB SC:SYC
SD:SDN SE:SWE SG:SGP SH:SHN SI:SVN SJ:SJM SK:SVK SL:SLE SM:SMR SN:SEN SO:SOM SR:SUR SS:SSD ST:STP SV:SLV
SX:SXM SY:SYR SZ:SWZ TC:TCA TD:TCD TF:ATF TG:TGO TH:THA TJ:TJK TK:TKL TL:TLS TM:TKM TN:TUN TO:TON TR:TUR
TT:TTO TV:TUV TW:TWN TZ:TZA UA:UKR UG:UGA UM:UMI US:USA UY:URY UZ:UZB VA:VAT VC:VCT VE:VEN VG:VGB VI:VIR
VN:VNM VU:VUT WF:WLF WS:WSM YE:YEM YT:MYT ZA:ZAF ZM:ZMB ZW:ZWE XK:XKX
"""
# XK is not ISO, but Eurostat and eForms need a code for Kosovo; 1A0 is the EU's own one.

_NAMES = """
AT:Austria BE:Belgium BG:Bulgaria CY:Cyprus CZ:Czechia CZ:Czech_Republic DE:Germany DK:Denmark EE:Estonia
ES:Spain FI:Finland FR:France GR:Greece HR:Croatia HU:Hungary IE:Ireland IE:Republic_of_Ireland IT:Italy
LT:Lithuania LU:Luxembourg LU:Luxemburg LV:Latvia MT:Malta NL:Netherlands NL:The_Netherlands PL:Poland
PT:Portugal RO:Romania SE:Sweden SI:Slovenia SK:Slovakia SK:Slovak_Republic
AL:Albania BA:Bosnia_and_Herzegovina CH:Switzerland GB:United_Kingdom GB:Great_Britain IS:Iceland
LI:Liechtenstein MD:Moldova ME:Montenegro MK:North_Macedonia NO:Norway RS:Serbia TR:Turkey TR:Türkiye
UA:Ukraine US:United_States XK:Kosovo
"""


def _pairs(table: str) -> list[tuple[str, str]]:
    return [(code, other) for code, _, other in (pair.partition(":") for pair in table.split())]


_CODES: dict[str, str] = {"EL": "GR", "UK": "GB", "1A0": "XK"}
_CODES |= {code: code for code, _ in _pairs(_ISO)}
_CODES |= {alpha3: code for code, alpha3 in _pairs(_ISO)}
_BY_NAME: dict[str, str] = {name.replace("_", " ").casefold(): code for code, name in _pairs(_NAMES)}
_NUTS = re.compile(r"([A-Z]{2})[0-9A-Z]{0,3}")

_GROUPS: dict[str, tuple[str, ...]] = {
    "EU": EU_COUNTRIES,
    "EEA": tuple(sorted((*EU_COUNTRIES, "IS", "LI", "NO"))),
}


def country(text: str) -> str | None:
    """ISO alpha-2 of a country code or English name, or None when it is neither.

    >>> [country(t) for t in ("EL", "GRC", "greece", "UK", "lux", "Atlantis")]
    ['GR', 'GR', 'GR', 'GB', 'LU', None]
    """
    text = text.strip()
    return _CODES.get(text.upper()) or _BY_NAME.get(" ".join(text.casefold().split()))


def country_of_nuts(code: str) -> str | None:
    """ISO alpha-2 of the country a NUTS code lies in, whatever the NUTS version; None for no NUTS code.

    >>> country_of_nuts("EL301"), country_of_nuts("UKI3"), country_of_nuts("Attica")
    ('GR', 'GB', None)
    """
    shape = _NUTS.fullmatch(code.strip().upper())
    return _CODES.get(shape[1]) if shape else None


def members(text: str) -> tuple[str, ...]:
    """Countries of a group that vendors name in one word; empty for any other word.

    >>> len(members("EU")), members("Europe")
    (27, ())
    """
    return _GROUPS.get(text.strip().upper(), ())
