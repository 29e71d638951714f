"""All commands: from client to server."""

from typing import Annotated

from pydantic import Field, TypeAdapter

from hubbub.protocol.gathering import (
    AcceptInvite,
    AddMember,
    CreateInvite,
    FindPeople,
    ListInvites,
    OpenDirect,
    RevokeInvite,
    SetMemberRole,
    SetRoom,
)
from hubbub.protocol.order import (
    Ban,
    ForgetMe,
    GetRules,
    Kick,
    ListReports,
    ListSanctions,
    Mute,
    ReadAudit,
    Report,
    Resolve,
    SetRetention,
    SetRules,
    Unban,
    Unmute,
)
from hubbub.protocol.people import (
    Approve,
    GetProfile,
    ListPeople,
    ListWaiting,
    MakeResetLink,
    Refuse,
    SetAvatar,
    SetPlace,
    SetPlaceRole,
    SetProfile,
)
from hubbub.protocol.talking import (
    ArchiveRoom,
    ChangeName,
    CreateRoom,
    Delete,
    Edit,
    GetHistory,
    GetPreviews,
    Join,
    Leave,
    ListMembers,
    ListPins,
    ListRooms,
    MarkRead,
    MarkUnread,
    Pin,
    Post,
    React,
    RenameRoom,
    SayTyping,
    Search,
    Unpin,
    Unreact,
    WhoIsHere,
)

AnyCommand = Annotated[
    Post
    | Edit
    | Delete
    | React
    | Unreact
    | Pin
    | Unpin
    | CreateRoom
    | RenameRoom
    | ArchiveRoom
    | Join
    | Leave
    | ListRooms
    | ListMembers
    | WhoIsHere
    | GetHistory
    | ListPins
    | GetPreviews
    | Search
    | MarkRead
    | MarkUnread
    | SayTyping
    | ChangeName
    | OpenDirect
    | SetRoom
    | AddMember
    | SetMemberRole
    | FindPeople
    | CreateInvite
    | ListInvites
    | RevokeInvite
    | AcceptInvite
    | SetProfile
    | SetAvatar
    | GetProfile
    | ListPeople
    | ListWaiting
    | Approve
    | Refuse
    | SetPlaceRole
    | MakeResetLink
    | SetPlace
    | Mute
    | Unmute
    | Ban
    | Unban
    | Kick
    | ListSanctions
    | Report
    | ListReports
    | Resolve
    | ReadAudit
    | GetRules
    | SetRules
    | SetRetention
    | ForgetMe,
    Field(discriminator="type"),
]

COMMANDS: TypeAdapter[AnyCommand] = TypeAdapter(AnyCommand)
