from fastapi import APIRouter


def page_router(chat: object) -> APIRouter:
    return APIRouter()
