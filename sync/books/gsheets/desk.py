"""A person signs in on Google's page, once, at a desk with a browser; what is kept of it lets the nights sign in."""

from __future__ import annotations

import json
import os
import tempfile
import webbrowser
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import requests
from google.oauth2.credentials import Credentials
from google_auth_oauthlib.flow import InstalledAppFlow, WSGITimeoutError
from oauthlib.oauth2 import AccessDeniedError, OAuth2Error
from platformdirs import user_config_path

from sync.books.gsheets import keyfile
from sync.books.gsheets.refusals import harmless, hush, unreachable
from sync.model import BookError
from sync.settings import loopback

WRITE = "https://www.googleapis.com/auth/spreadsheets"
PATIENCE = 300  # seconds a person has for Google's page
DONE = "登录完成，可以关闭这个页面。 Signed in. You can close this page."


def stored() -> Path:
    """Where `servicebook sign-in` keeps what it got."""
    return user_config_path("servicebook", appauthor=False) / "google-user.json"


class Flow(InstalledAppFlow):  # type: ignore[misc]
    """Google's page in a browser, and its answer on a port of this machine."""

    tell: Callable[[str], object] | None = None
    browse = True

    def authorization_url(self, **kwargs: object) -> tuple[str, str]:
        """The page to show. By now the port is open, so the page is shown at once."""
        url, state = super().authorization_url(**kwargs)
        if self.tell:
            self.tell(url)
        if self.browse:
            webbrowser.open(url)
        return url, state

    def fetch_token(self, **kwargs: object) -> object:
        """The answer's code turned into a token; by itself the library would wait for ever."""
        return super().fetch_token(**{"timeout": 30} | kwargs)


def sign_in(
    client_file: Path,
    *,
    endpoint: str,
    open_browser: bool = True,
    port: int = 0,
    tell: Callable[[str], object] | None = None,
) -> Path:
    """Let a person sign in on Google's page, and keep the outcome; the file where it is kept.

    *client_file* is the OAuth client of a desktop application. *tell* gets the page's address: for a machine whose
    browser does not open by itself. *port* is where the answer is awaited, 0: any that is free.
    """
    hush()
    local = loopback(endpoint)
    config = keyfile.client(client_file, local=local)
    keyfile.outside(stored())
    flow = Flow.from_client_config(config, scopes=[WRITE])
    flow.tell, flow.browse = tell, open_browser
    with closing(flow.oauth2session), _plain_http(allowed=local):
        person = _answered(flow, port)
    if not person.refresh_token:
        raise BookError(
            "Google 没有给长期登录，登录没有保存；请确认客户端类型是“桌面应用”，再试一次。",
            "Google granted no lasting sign-in; nothing was kept. Is the client one for a desktop app? Try again.",
        )
    return _keep(person)


def _answered(flow: Flow, port: int) -> Credentials:
    """What the person granted; each way in which it does not come to that, in words."""
    try:
        found = flow.run_local_server(
            port=port,
            open_browser=False,
            authorization_prompt_message=None,
            success_message=DONE,
            timeout_seconds=PATIENCE,
            prompt="consent",  # else only the very first sign-in lasts
        )
    except AccessDeniedError:
        raise BookError(
            "网页上没有同意授权，登录没有完成；请再运行一次，在 Google 的页面上点“允许”。",
            "The sign-in was not allowed on Google's page. Run it again and press Allow.",
        ) from None
    except Warning:  # oauthlib raises it: fewer scopes were granted than asked for
        raise BookError(
            "授权时没有勾选表格的权限；请再运行一次，勾选“查看、修改、创建和删除您的所有 Google 表格”。",
            "The permission for spreadsheets was not ticked. Run it again and tick it.",
        ) from None
    except WSGITimeoutError:
        raise BookError(
            f"等了 {PATIENCE // 60} 分钟，网页上没有完成登录；请再运行一次。",
            f"Nobody signed in on the page within {PATIENCE // 60} minutes. Run it again.",
        ) from None
    except OAuth2Error as error:
        said = harmless(f"{error.error}: {error.description or ''}").rstrip(": ")
        raise BookError(
            f"Google 没有接受登录（{said}）；请重新下载客户端文件，再运行一次。",
            f"Google did not accept the sign-in ({said}). Download the client file again, and run it again.",
        ) from None
    except requests.RequestException as error:
        raise unreachable(error) from None
    except OSError as error:
        raise BookError(
            f"端口 {port} 用不了（{error.strerror}）；请换一个 --port。",
            f"Port {port} cannot be used ({error.strerror}). Choose another --port.",
        ) from None
    if not isinstance(found, Credentials):  # a client of some identity pool's own console
        raise BookError(
            "这种客户端不能登录；请用“桌面应用”客户端。", "Such a client does not work; use one for a desktop app."
        )
    return found


@contextmanager
def _plain_http(*, allowed: bool) -> Iterator[None]:
    """Plain http, which oauthlib refuses unless this variable is set: for the local server, and only meanwhile."""
    name = "OAUTHLIB_INSECURE_TRANSPORT"
    before = os.environ.pop(name, None)
    if allowed:
        os.environ[name] = "1"
    try:
        yield
    finally:
        os.environ.pop(name, None)
        if before is not None:
            os.environ[name] = before


def _keep(person: Credentials) -> Path:
    """The sign-in on disk: whole, and from the first byte for nobody else to read."""
    path = stored()
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.parent.chmod(0o700)
    handle, scratch = tempfile.mkstemp(dir=path.parent, prefix=".google-user-")  # made 0600
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(
                {
                    "type": "authorized_user",
                    "client_id": person.client_id,
                    "client_secret": person.client_secret,
                    "refresh_token": person.refresh_token,
                    "token_uri": person.token_uri,
                    "scopes": list(person.scopes or ()),
                },
                file,
            )
        Path(scratch).replace(path)
    except BaseException:
        Path(scratch).unlink(missing_ok=True)
        raise
    return path
