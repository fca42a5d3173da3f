"""The operations that an automatic step may name (`trygg:operasjon`). The list is closed: what each
does is code in `engine.cases.operations`, never in a diagram."""

SENDS = "send_melding"
REPORTS = "meld_utrygg"
NAMES = frozenset(
    {
        "varsle",
        "informer",
        "del_plan",
        "arkiver",
        "slaa_sammen",
        "fremskynd",
        SENDS,
        REPORTS,
        "opprett_elevsak",
        "innkall",
        "meld_12_5",
        "del_avtale",
        "frys_og_eksporter",
        "opprett_melding",
        "samle_tall",
    }
)
