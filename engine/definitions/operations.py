"""The operations that an automatic step may name (`trygg:operasjon`). The list is closed: what each
does is code in `engine.cases.operations`, never in a diagram."""

SENDS = "send_melding"
NAMES = frozenset(
    {
        "varsle",
        "informer",
        "del_plan",
        "arkiver",
        "slaa_sammen",
        "fremskynd",
        SENDS,
        "opprett_elevsak",
        "opprett_melding",
        "samle_tall",
    }
)
