"""find what a case has been through, and what stands still, without a scan."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("task", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_task_case_id_step"), ["case_id", "step"], unique=False)

    with op.batch_alter_table("incident", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_incident_case_id"))
        for columns in (["case_id", "solved_at"], ["solved_at", "kind", "case_id"]):
            name = batch_op.f(f"ix_incident_{'_'.join(columns)}")
            batch_op.create_index(name, columns, unique=False)
