from engine.cases.operations import OPERATIONS
from engine.definitions.operations import NAMES


def test_every_operation_that_a_diagram_may_name_can_be_carried_out():
    assert set(OPERATIONS) == NAMES
