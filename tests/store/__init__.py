import pytest

pytest.register_assert_rewrite("hubbub.testing.store_contract")
