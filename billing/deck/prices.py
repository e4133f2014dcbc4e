# SPDX-License-Identifier: Apache-2.0
"""What the shipped deck charges, in EUR per minute without VAT: the only place where its prices are decided.

GLOBAL_RATE, the 60/60 increments and the connection fees are what Skype documented (0.017 from 2004 to 2010; fees of 0.039 in the
global zone and 0.079 elsewhere from 2007, here 0, so that 0.017 a minute is all that is paid). The prices elsewhere are our own, of
the order of what retail VoIP asked around 2010; an operator brings their own deck.
"""

GLOBAL_RATE = "0.017"
CONNECTION_FEE = "0"  # Skype: 0.039 in the global zone, 0.079 elsewhere
INITIAL_INCREMENT_S = 60
NEXT_INCREMENT_S = 60
FREE_START_S = 0  # Skype: 4, from 2010
INCLUDED_S = 0

# Landlines at the global rate.
GLOBAL_ZONE = set("""AT AU BE CA CH CL CN CZ DE DK EE ES FR GB GR GU HK HU IE IL IT JP KR LU MX MY NL NO NZ PL PR PT RO SE SG SI SK
                     TH TW US VA""".split())
# Mobiles too.
GLOBAL_ZONE_MOBILES = set("CA CN GU HK PR SG TH US".split())

# Cities at the global rate in countries that are not: prefix, destination.
GLOBAL_CITIES = [("5411", "Argentina - Buenos Aires"), ("7495", "Russia - Moscow"), ("7498", "Russia - Moscow"),
                 ("7499", "Russia - Moscow"), ("7812", "Russia - Saint Petersburg")]

# Region, landline, mobile. A dash: the global rate.
PRICES = """
AC 1.150 1.150|AD 0.048 0.230|AE 0.199 0.199|AF 0.235 0.245|AG 0.185 0.235|AI 0.195 0.240|AL 0.155 0.295|AM 0.142 0.205
AO 0.105 0.180|AR 0.032 0.125|AS 0.035 0.035|AT - 0.189|AU - 0.149|AW 0.125 0.205|AX 0.059 0.140|AZ 0.205 0.255
BA 0.155 0.290|BB 0.165 0.230|BD 0.038 0.042|BE - 0.205|BF 0.245 0.285|BG 0.039 0.275|BH 0.105 0.115|BI 0.320 0.345
BJ 0.195 0.245|BL 0.060 0.220|BM 0.045 0.065|BN 0.045 0.055|BO 0.115 0.155|BQ 0.125 0.195|BR 0.036 0.165|BS 0.065 0.115
BT 0.075 0.080|BW 0.105 0.195|BY 0.275 0.310|BZ 0.215 0.240|CA - -|CC - 0.149|CD 0.325 0.345|CF 0.385 0.425
CG 0.265 0.310|CH - 0.245|CI 0.235 0.265|CK 0.650 0.650|CL - 0.145|CM 0.175 0.235|CN - -|CO 0.042 0.075
CR 0.036 0.065|CU 0.790 0.790|CV 0.195 0.255|CW 0.105 0.155|CX - 0.149|CY 0.032 0.085|CZ - 0.165|DE - 0.189
DJ 0.345 0.355|DK - 0.145|DM 0.195 0.235|DO 0.048 0.105|DZ 0.085 0.285|EC 0.125 0.215|EE - 0.245|EG 0.105 0.125
EH 0.245 0.325|ER 0.215 0.225|ES - 0.185|ET 0.215 0.225|FI 0.059 0.140|FJ 0.205 0.235|FK 0.850 0.850|FM 0.275 0.285
FO 0.045 0.155|FR - 0.151|GA 0.245 0.325|GB - 0.189|GD 0.195 0.245|GE 0.085 0.165|GF 0.060 0.245|GG 0.022 0.250
GH 0.125 0.185|GI 0.055 0.195|GL 0.315 0.345|GM 0.345 0.365|GN 0.335 0.365|GP 0.060 0.220|GQ 0.265 0.295|GR - 0.175
GT 0.085 0.115|GU - -|GW 0.595 0.645|GY 0.205 0.235|HK - -|HN 0.135 0.185|HR 0.039 0.265|HT 0.195 0.235
HU - 0.175|ID 0.052 0.085|IE - 0.185|IL - 0.105|IM 0.022 0.250|IN 0.048 0.048|IO 1.730 1.730|IQ 0.195 0.215
IR 0.115 0.155|IS 0.032 0.185|IT - 0.215|JE 0.022 0.250|JM 0.085 0.195|JO 0.145 0.165|JP - 0.135|KE 0.115 0.165
KG 0.115 0.135|KH 0.075 0.080|KI 0.985 0.985|KM 0.445 0.475|KN 0.175 0.225|KP 0.795 0.795|KR - 0.055|KW 0.085 0.095
KY 0.145 0.195|KZ 0.055 0.145|LA 0.085 0.090|LB 0.115 0.215|LC 0.185 0.235|LI 0.045 0.245|LK 0.155 0.165|LR 0.345 0.365
LS 0.185 0.265|LT 0.045 0.185|LU - 0.185|LV 0.055 0.195|LY 0.235 0.325|MA 0.185 0.325|MC 0.048 0.245|MD 0.175 0.265
ME 0.185 0.325|MF 0.060 0.220|MG 0.395 0.445|MH 0.275 0.285|MK 0.165 0.315|ML 0.215 0.265|MM 0.265 0.275|MN 0.065 0.080
MO 0.055 0.065|MP 0.045 0.045|MQ 0.060 0.220|MR 0.305 0.345|MS 0.245 0.265|MT 0.055 0.245|MU 0.085 0.115|MV 0.445 0.475
MW 0.105 0.155|MX - -|MY - 0.055|MZ 0.105 0.215|NA 0.085 0.205|NC 0.235 0.285|NE 0.215 0.255|NF 0.950 0.950
NG 0.085 0.125|NI 0.165 0.235|NL - 0.189|NO - 0.145|NP 0.145 0.155|NR 1.150 1.150|NU 1.050 1.050|NZ - 0.185
OM 0.215 0.245|PA 0.045 0.135|PE 0.028 0.165|PF 0.215 0.285|PG 0.545 0.595|PH 0.135 0.165|PK 0.095 0.105|PL - 0.165
PM 0.235 0.325|PR - -|PS 0.165 0.215|PT - 0.189|PW 0.265 0.285|PY 0.065 0.105|QA 0.215 0.235|RE 0.060 0.245
RO - 0.145|RS 0.165 0.275|RU 0.049 0.055|RW 0.145 0.185|SA 0.115 0.165|SB 1.050 1.050|SC 0.195 0.265|SD 0.165 0.175
SE - 0.165|SG - -|SH 1.250 1.250|SI - 0.215|SJ - 0.145|SK - 0.165|SL 0.315 0.345|SM 0.045 0.235
SN 0.205 0.265|SO 0.565 0.585|SR 0.195 0.235|SS 0.295 0.325|ST 1.150 1.150|SV 0.125 0.145|SX 0.125 0.195|SY 0.155 0.195
SZ 0.075 0.185|TA 1.250 1.250|TC 0.195 0.235|TD 0.315 0.365|TG 0.265 0.285|TH - -|TJ 0.135 0.155|TK 1.150 1.150
TL 0.985 0.985|TM 0.125 0.145|TN 0.315 0.395|TO 0.545 0.565|TR 0.035 0.145|TT 0.085 0.165|TV 1.050 1.050|TW - 0.105
TZ 0.185 0.225|UA 0.085 0.135|UG 0.165 0.205|US - -|UY 0.085 0.195|UZ 0.065 0.075|VA - -|VC 0.195 0.235
VE 0.028 0.115|VG 0.195 0.235|VI 0.025 0.025|VN 0.095 0.105|VU 0.685 0.685|WF 1.050 1.050|WS 0.485 0.495|XK 0.185 0.355
YE 0.145 0.165|YT 0.060 0.285|ZA 0.055 0.185|ZM 0.125 0.195|ZW 0.115 0.345
"""

# What is shut by the default dial policy has a price all the same, for those who open it.
SPECIAL = {"premium_rate": "2.500", "shared_cost": "0.350", "personal": "0.600", "pager": "0.600"}
SPECIAL_NAMES = {"mobile": "Mobile", "premium_rate": "Premium rate", "shared_cost": "Shared cost", "personal": "Personal numbers",
                 "pager": "Pagers"}

# Codes of no country: prefix, destination, price.
WORLD = [("800", "International freephone", GLOBAL_RATE), ("808", "International shared cost", "0.350"),
         ("870", "Satellite - Inmarsat", "6.500"), ("878", "Universal personal numbers", "0.600"),
         ("881", "Satellite - Global mobile systems", "5.500"), ("882", "International networks", "1.500"),
         ("88213", "Satellite - EMSAT", "4.000"), ("88216", "Satellite - Thuraya", "4.000"),
         ("883", "International networks", "1.500"), ("888", "Disaster relief", "1.500"),
         ("979", "International premium rate", "2.500"), ("61147", "Satellite - Australia", "3.500")]


def table():
    """Region → (landline, mobile) as decimal texts."""
    prices = {}
    for cell in PRICES.replace("\n", "|").split("|"):
        if cell:
            region, landline, mobile = cell.split()
            assert (landline == "-") == (region in GLOBAL_ZONE or region in ("CC", "CX", "SJ")), region
            prices[region] = tuple(GLOBAL_RATE if price == "-" else price for price in (landline, mobile))
    return prices
