"""Connecting accounts: the authorization window, tokens, and their exchange."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Optional, Union

from ._native import AccessToken, AppSecret, AuthorizationCode, CsrfState, TokenGrant
from ._native import OAuthClient as NativeOAuthClient
from .models import TokenInfo
from .names import Scope

__all__ = ["AsyncOAuthClient", "OAuthClient"]


class _OAuthBase:
    """What both faces share: nothing here is sent anywhere."""

    def __init__(
        self,
        *,
        app_id: str,
        app_secret: Union[str, AppSecret],
        redirect_uri: str,
        base_url: Optional[str] = None,
        authorize_base: Optional[str] = None,
    ) -> None:
        """Makes a client for one app; nothing is sent.

        :param app_id: the id of the Threads app (not of the Meta app around it).
        :param app_secret: the secret of the Threads app.
        :param redirect_uri: the callback address, exactly as registered with Meta.
        :param base_url: another host than Meta's, such as a sandbox.
        :param authorize_base: another authorization window than Meta's.
        :raises InvalidRequestError: an address that cannot be used.
        """
        self._native = NativeOAuthClient(app_id, app_secret, redirect_uri, base_url, authorize_base)

    def authorize_url(self, scopes: Iterable[Union[Scope, str]]) -> tuple[str, CsrfState]:
        """The address to send a person to, and the state to expect back.

        Keep ``state.expose()`` in the person's session. When they come back, check it:
        ``AuthorizationResponse.from_url(url).code_for(state)``.

        :raises InvalidRequestError: ``threads_basic`` is not among the scopes.
        """
        return self._native.authorize_url(scopes)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._native!r}>"


class OAuthClient(_OAuthBase):
    """Connects accounts to an app; blocks until the answer is there."""

    def exchange_code(self, code: Union[str, AuthorizationCode]) -> TokenGrant:
        """Exchanges the code of the callback for a short-lived token (one hour)."""
        return self._native.exchange_code(code).wait()

    def exchange_long_lived(self, short: Union[str, AccessToken]) -> TokenGrant:
        """Exchanges a short-lived token for a long-lived one (60 days)."""
        return self._native.exchange_long_lived(short).wait()

    def refresh(self, long: Union[str, AccessToken]) -> TokenGrant:
        """Exchanges a long-lived token, at least a day old, for one with 60 new days."""
        return self._native.refresh(long).wait()

    def app_token(self) -> AccessToken:
        """A token of the app itself, for :meth:`debug_token`."""
        return self._native.app_token().wait()

    def debug_token(
        self, token: Union[str, AccessToken], *, caller: Union[str, AccessToken]
    ) -> TokenInfo:
        """What Meta knows about a token.

        :param caller: the token to ask with: an app token, or the token itself.
        """
        return self._native.debug_token(token, caller).wait()


class AsyncOAuthClient(_OAuthBase):
    """Connects accounts to an app, inside asyncio."""

    async def exchange_code(self, code: Union[str, AuthorizationCode]) -> TokenGrant:
        """Exchanges the code of the callback for a short-lived token (one hour)."""
        return await self._native.exchange_code(code)

    async def exchange_long_lived(self, short: Union[str, AccessToken]) -> TokenGrant:
        """Exchanges a short-lived token for a long-lived one (60 days)."""
        return await self._native.exchange_long_lived(short)

    async def refresh(self, long: Union[str, AccessToken]) -> TokenGrant:
        """Exchanges a long-lived token, at least a day old, for one with 60 new days."""
        return await self._native.refresh(long)

    async def app_token(self) -> AccessToken:
        """A token of the app itself, for :meth:`debug_token`."""
        return await self._native.app_token()

    async def debug_token(
        self, token: Union[str, AccessToken], *, caller: Union[str, AccessToken]
    ) -> TokenInfo:
        """What Meta knows about a token.

        :param caller: the token to ask with: an app token, or the token itself.
        """
        return await self._native.debug_token(token, caller)
