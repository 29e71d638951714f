"""`hubbub owner-link`: for whoever has lost the link that the server printed at its start."""

import secrets

from hubbub.cli.data_folder import Config, Data, database_in
from hubbub.errors import SetupError
from hubbub.settings import load_settings
from hubbub.store.sqlite import write_beside


def command(data: Data = None, config: Config = None) -> None:
    from hubbub.service.links import offer_place, owner_link

    settings = load_settings({}, config)
    code = secrets.token_urlsafe(32)
    if not write_beside(database_in(settings, data), lambda tx: offer_place(tx, code)):
        raise SetupError("This chat has an owner. Owners make others owners, on the page: People.")
    print(owner_link(settings.address, code))
    print("  whoever opens it becomes the owner; it works once, and ends earlier links")
