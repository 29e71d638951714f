import pytest

pytest.register_assert_rewrite(
    "hubbub.testing.store_contract",
    "hubbub.testing.store_order",
    "hubbub.testing.store_reading",
    "hubbub.testing.store_rooms",
    "hubbub.testing.store_search",
    "hubbub.testing.store_stage",
)
