"""Who: schools, accounts, roles in time, pupils and guardians, and who may see and do what."""
