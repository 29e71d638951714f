class SecurityHeaders:
    def __init__(self, app):
        self.app = app

    async def __call__(self, *a):
        await self.app(*a)
