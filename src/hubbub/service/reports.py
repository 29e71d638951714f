"""Messages that people want a moderator to look at."""

from hubbub.core import policy
from hubbub.core.models import Person
from hubbub.protocol import ListReports, Nothing, Report, ReportPage, Resolve
from hubbub.service.audit import may_look, record
from hubbub.service.change import permit
from hubbub.service.context import Context
from hubbub.store import Reader, Transaction

REPORTS_MAX = 100


async def report(context: Context, me: Person, command: Report) -> Nothing:
    def change(tx: Transaction) -> Nothing:
        permit(context, tx, me, command)
        policy.message_must_stand(tx.message(command.room, command.message))
        tx.report(command.room, command.message, me.id, context.now(), command.reason.strip())
        return Nothing()

    return await context.store.write(change)


async def reports(context: Context, me: Person, command: ListReports) -> ReportPage:
    def look(reader: Reader) -> ReportPage:
        may_look(context, reader, me, "reports", command.room)
        return ReportPage(reports=reader.reports(command.room, REPORTS_MAX))

    return await context.store.read(look)


async def resolve(context: Context, me: Person, command: Resolve) -> Nothing:
    def change(tx: Transaction) -> Nothing:
        permit(context, tx, me, command)
        message = policy.message_must_exist(tx.message(command.room, command.message))
        if tx.settle(command.room, command.message):
            record(
                tx,
                "resolve",
                me,
                context.now(),
                person=message.author.id,
                room=command.room,
                message=command.message,
                reason=command.note.strip(),
            )
        return Nothing()

    return await context.store.write(change)
