"""Mail, through the SMTP server of the settings."""

import asyncio
import logging
import smtplib
import ssl
from email.message import EmailMessage
from email.utils import formatdate, make_msgid

from hubbub.settings import Settings

TIMEOUT_S = 20.0
AT_ONCE_MAX = 2

log = logging.getLogger(__name__)


class Mail:
    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._turns = asyncio.Semaphore(AT_ONCE_MAX)

    @property
    def works(self) -> bool:
        """Whether there is a server for it."""
        return bool(self._settings.smtp_host)

    async def send(self, to: str, subject: str, text: str) -> None:
        """Returns when the server has taken it. A failure is logged, without the address."""
        message = EmailMessage()
        message["From"] = self._settings.smtp_from
        message["To"] = to
        message["Subject"] = " ".join(subject.split())
        message["Date"] = formatdate()
        message["Message-ID"] = make_msgid(domain="hubbub.invalid")
        message.set_content(text)
        async with self._turns:
            try:
                await asyncio.to_thread(self._hand_over, message)
            except (OSError, smtplib.SMTPException, ValueError) as error:
                log.warning("a mail could not be sent: %s", type(error).__name__)

    def _hand_over(self, message: EmailMessage) -> None:
        settings, context = self._settings, ssl.create_default_context()
        host, port = settings.smtp_host, settings.smtp_port
        with (
            smtplib.SMTP_SSL(host, port, timeout=TIMEOUT_S, context=context)
            if settings.smtp_tls == "tls"
            else smtplib.SMTP(host, port, timeout=TIMEOUT_S)
        ) as server:
            if settings.smtp_tls == "starttls":
                server.starttls(context=context)
            if settings.smtp_user:
                server.login(settings.smtp_user, settings.smtp_password)
            server.send_message(message)
