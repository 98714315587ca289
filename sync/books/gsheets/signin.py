"""Sign in to Google: by a key file, by a hosted scheduler's federation, or as the person at this desk."""

from __future__ import annotations

import os
from collections.abc import Callable, MutableMapping
from pathlib import Path

import requests
from google.auth.credentials import Credentials
from google.auth.exceptions import GoogleAuthError, RefreshError, TransportError
from google.auth.identity_pool import Credentials as Federation
from google.oauth2.credentials import Credentials as Person
from google.oauth2.service_account import Credentials as Account

from sync.books.gsheets import keyfile
from sync.books.gsheets.desk import WRITE, sign_in, stored
from sync.books.gsheets.keyfile import Info
from sync.books.gsheets.refusals import NOBODY, YOURSELF, hush, refused
from sync.model import BookError
from sync.settings import Google, filled, loopback

__all__ = ["credentials", "refused", "sign_in", "stored", "who"]

READ = f"{WRITE}.readonly"
TOKENS = "https://oauth2.googleapis.com/token"

VARIABLE = "GOOGLE_APPLICATION_CREDENTIALS"
PASSING = {408, 429}  # and everything from 500: a later try may succeed


def credentials(google: Google, folder: Path, *, write: bool) -> Credentials:
    """What the department in *folder* signs its requests with; BookError where nothing fits.

    The first of: google.key_file of the settings, GOOGLE_APPLICATION_CREDENTIALS, what `servicebook sign-in` stored.
    The local server needs none of them. Without *write* the token cannot change a sheet
    (a person's token is good for what the person has granted, whatever is asked here).
    """
    hush()
    local = loopback(google.endpoint)
    path = _chosen(google, folder)
    if path is None:
        if local:
            return Local()
        raise _no_way()
    info = keyfile.load(path, folder, local=local)
    return Signed(*_made(info, path, WRITE if write else READ))


def who(credentials: Credentials) -> str:
    """Whom a sheet has to be shared with, for messages: an e-mail address where there is one."""
    return str(getattr(credentials, "who", YOURSELF))


class Signed(Credentials):
    """*inner*, asking Google for access tokens and for nothing else, failing as GoogleAuthError and nothing else.

    By itself google-auth would also look up regional boundaries: another host, in a thread, before each first call.
    """

    def __init__(self, inner: Credentials, who: str) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.inner, self.who = inner, who

    def refresh(self, request: Callable[..., requests.Response]) -> None:
        """Get a new access token; TransportError where a later try may succeed."""
        status = 0

        def watched(*args: object, **kwargs: object) -> requests.Response:
            nonlocal status
            response = request(*args, **kwargs)
            status = int(getattr(response, "status", 0))
            return response

        try:
            self.inner.refresh(watched)  # type: ignore[no-untyped-call]
        except GoogleAuthError:
            if status in PASSING or status >= 500:
                raise TransportError(f"HTTP {status}") from None  # type: ignore[no-untyped-call]
            raise
        except OSError as error:  # the federation's token, or a certificate file
            raise RefreshError(f"File '{error.filename}': {error.strerror}") from None  # type: ignore[no-untyped-call]
        except (ValueError, TypeError, KeyError, AttributeError):  # a page of some proxy, where a token should be
            raise TransportError(f"HTTP {status}, no token in it") from None  # type: ignore[no-untyped-call]
        self.token, self.expiry = self.inner.token, self.inner.expiry

    def apply(self, headers: MutableMapping[str, str], token: str | None = None) -> None:
        """Put the token into *headers*."""
        self.inner.apply(headers, token)  # type: ignore[no-untyped-call]


class Local(Credentials):
    """For the local server: a bearer that is the same for everybody."""

    who = "local"

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.token = "local"  # noqa: S105 - no secret: it opens nothing

    def refresh(self, request: object) -> None:
        """Nothing to get."""


def _chosen(google: Google, folder: Path) -> Path | None:
    """The file to sign in with: one that is named has to be there, the stored one may be missing."""
    if google.key_file:
        return filled(google.key_file, folder)
    if named := os.environ.get(VARIABLE):
        return Path(named)
    return stored() if stored().exists() else None


def _no_way() -> BookError:
    return BookError(
        "还没有登录 Google。三种办法任选一种：在 servicebook.toml 的 [google] 里用 key_file 指向服务账号的密钥文件；"
        f"把环境变量 {VARIABLE} 设为密钥文件或联合身份配置的路径（定时任务在云上运行时用）；"
        "在自己的电脑上先试用：servicebook sign-in 客户端文件。",
        "Not signed in to Google. One of three ways: key_file in servicebook.toml, [google], names a service account's "
        f"key; {VARIABLE} names a key or a federation file (for a hosted scheduler); "
        "or, to try it at your own desk: servicebook sign-in CLIENT_FILE",
    )


def _made(info: Info, path: Path, scope: str) -> tuple[Credentials, str]:
    """The credentials that *info* stands for, and whom they are."""
    try:
        if info["type"] == "service_account":
            account = Account.from_service_account_info(info, scopes=[scope])  # type: ignore[no-untyped-call]
            return account, account.service_account_email
        if info["type"] == "external_account":
            federation = Federation.from_info(info, scopes=[scope])  # type: ignore[no-untyped-call]
            return federation, federation.service_account_email or NOBODY
        return _person(info), str(info.get("account") or YOURSELF)
    except (ValueError, TypeError, KeyError, AttributeError, GoogleAuthError):  # may quote the key: not passed on
        wrong = {
            "service_account": ("私钥（private_key）不完整", "the private_key is not whole"),
            "external_account": (
                "credential_source 只能是文件（file）或网址（url）",
                "the source must be a file or a URL",
            ),
        }.get(str(info["type"]), ("内容不完整", "it is not whole"))
    raise BookError(
        f"凭据文件 {path} 用不了：{wrong[0]}；请从 Google Cloud 控制台重新下载。",
        f"The credentials file {path} is of no use: {wrong[1]}. Download it from Google's console again.",
    )


def _person(info: Info) -> Credentials:
    """A person's sign-in. A token in the file is left aside: only a fresh one is known to be good."""
    scopes = info.get("scopes")
    return Person(  # type: ignore[no-untyped-call]
        None,
        refresh_token=info["refresh_token"],
        token_uri=info.get("token_uri") or TOKENS,
        client_id=info["client_id"],
        client_secret=info["client_secret"],
        scopes=scopes.split() if isinstance(scopes, str) else scopes,
        quota_project_id=info.get("quota_project_id"),
    )
