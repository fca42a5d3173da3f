"""The product as it is opened on a machine."""

from __future__ import annotations

import stat

from engine.product import Product


def test_it_opens_in_an_empty_folder_that_nobody_else_can_read(tmp_path):
    folder = tmp_path / "deep" / "var"
    product = Product.open(folder=str(folder))
    assert product.is_alive()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {"master.key", "trygg.db"} <= {path.name for path in folder.iterdir()}
    with product.database.session() as session:
        assert product.published(session, "aktivitetsplikt").process_id == "aktivitetsplikt"
    product.database.close()


def test_it_opens_again_with_the_same_key_and_the_same_version(tmp_path):
    first = Product.open(folder=str(tmp_path))
    key, wrapped = first.master_key.new_case_key()
    sealed = first.master_key.seal(key, "en hemmelighet", "note")
    first.database.close()
    again = Product.open(folder=str(tmp_path))
    opened = again.master_key.unwrap(wrapped)
    assert again.master_key.unseal(opened, sealed, "note") == "en hemmelighet"
    with first.database.session() as one, again.database.session() as two:
        versions = [
            p.published(s, "aktivitetsplikt").version for p, s in ((first, one), (again, two))
        ]
    assert versions[0] == versions[1]
    first.database.close()
    again.database.close()
