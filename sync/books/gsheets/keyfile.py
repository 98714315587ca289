"""The file that a sign-in starts from: read, recognised, and refused where it would leak or send a key elsewhere."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path

from platformdirs import user_config_path

from sync.model import BookError

# Addresses are matched whole: two programs may read “https://a\@b/” differently, so such a thing is no address here.
GOOGLES = re.compile(
    r"https://(?:[a-z0-9-]+(?:\.[a-z0-9-]+)*\.googleapis\.com|accounts\.google\.com)(?::443)?(?:/[\w./:@~%+-]*)?",
    re.ASCII,
)
LOCAL = re.compile(r"http://(?:127\.0\.0\.1|localhost|\[::1\])(?::\d{1,5})?(?:/[\w./:@~%+-]*)?", re.ASCII)
ADDRESSES = ("auth_uri", "token_uri", "token_url", "service_account_impersonation_url")

NEEDED: Mapping[str, tuple[str, ...]] = {
    "service_account": ("client_email", "private_key_id", "private_key", "token_uri"),
    "authorized_user": ("client_id", "client_secret", "refresh_token"),
    "external_account": ("audience", "subject_token_type", "token_url"),
}
CLIENT = ("client_id", "client_secret", "auth_uri", "token_uri")

Info = dict[str, object]


def on_this_machine(address: str) -> bool:
    """*address* is plain http to the loopback: the local server, for trying things out."""
    return LOCAL.fullmatch(address) is not None


def load(path: Path, folder: Path, *, local: bool) -> Info:
    """What the file at *path* says, when it can sign in, lies where it is safe and names no foreign server.

    A key that others can read, or that lies in a repository or in the department *folder*, is refused.
    Windows has no such permission bits: there who can read the file is not checked.
    A federation file (external_account) holds no secret and may lie anywhere.
    *local*: the local server is in use, so addresses on this machine are good too.
    """
    info = _read(path)
    kind = info.get("type")
    if not isinstance(kind, str) or kind not in NEEDED:
        raise _not_a_key(path, info)
    if kind != "external_account":
        _private(path)
        outside(path, folder)
    elif "executable" in _source(path, info):
        raise BookError(
            f"联合身份文件 {path} 要运行一个程序来取令牌，这里不支持；请重新生成配置，令牌来源选文件（file）"
            "或网址（url）。",
            f"The federation file {path} gets its token by running a program, which is not done here. "
            "Make the configuration again with a file or a URL as its source.",
        )
    _complete(path, info, NEEDED[kind], local=local)
    return info


def client(path: Path, *, local: bool) -> Info:
    """The OAuth client at *path*, a desktop application's, as Google's console gives it."""
    info = _read(path)
    desktop = info.get("installed")
    if isinstance(desktop, dict):
        _complete(path, desktop, CLIENT, local=local)
        return info
    if info.get("type") in NEEDED:
        raise BookError(
            f"{path} 本身就能登录，不需要 sign-in；请在 servicebook.toml 的 [google] 里写 key_file 指向它。",
            f"{path} signs in by itself, without sign-in. Name it as key_file in servicebook.toml, [google].",
        )
    raise _not_a_key(path, info)


def outside(path: Path, folder: Path | None = None) -> None:
    """Refuse a secret at *path* inside a git repository or inside the department *folder*: both are copied around."""
    real = path.resolve()
    home = folder.resolve() if folder else None
    safe = user_config_path("servicebook", appauthor=False)
    for parent in real.parents:
        if parent == home:
            where = f"部门文件夹 {parent} 里", f"in the department folder {parent}"
        elif (parent / ".git").exists():
            where = f"代码仓库 {parent} 里", f"in the repository {parent}"
        else:
            continue
        raise BookError(
            f"密钥文件 {path} 放在{where[0]}，容易随着复制或提交泄露；请移到外面（比如 {safe}），"
            "再改 servicebook.toml 的 google.key_file。如果它曾经提交过，请在 Google 后台删除这把密钥，另建一把。",
            f"The key file {path} lies {where[1]}, where it leaks with the next copy or commit. Move it out "
            f"(for example to {safe}) and correct google.key_file in servicebook.toml. "
            "If it was ever committed, delete this key in Google's console and make another.",
        )


def _read(path: Path) -> Info:
    try:
        found = json.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise BookError(
            f"找不到凭据文件 {path}；请检查 servicebook.toml 的 google.key_file 或环境变量 "
            "GOOGLE_APPLICATION_CREDENTIALS。",
            f"There is no credentials file {path}. See google.key_file in servicebook.toml, "
            "or the variable GOOGLE_APPLICATION_CREDENTIALS.",
        ) from None
    except OSError as error:
        raise BookError(
            f"读不了凭据文件 {path}（{error.strerror}）；请确认它是文件，而且运行本程序的账号能读。",
            f"The credentials file {path} cannot be read ({error.strerror}). It has to be a file that this account "
            "reads.",
        ) from None
    except (ValueError, RecursionError):  # the error holds the text, key and all: it must not travel on
        found = None
    if not isinstance(found, dict):
        raise BookError(
            f"凭据文件 {path} 已损坏，或者不是 JSON；请从 Google Cloud 控制台重新下载。",
            f"The credentials file {path} is damaged, or no JSON. Download it from Google's console again.",
        )
    return found


def _private(path: Path) -> None:
    if os.name != "nt" and path.stat().st_mode & 0o077:
        raise BookError(
            f"密钥文件 {path} 别的用户也能读；请运行：chmod 600 {path}",
            f"Other users can read the key file {path}. Run: chmod 600 {path}",
        )


def _source(path: Path, info: Info) -> Info:
    source = info.get("credential_source")
    if not isinstance(source, dict):
        raise _lacks(path, "credential_source")
    return source


def _complete(path: Path, info: Info, needed: tuple[str, ...], *, local: bool) -> None:
    for name in needed:
        value = info.get(name)
        if not isinstance(value, str) or not value.strip():
            raise _lacks(path, name)
    for name in ADDRESSES:
        address = info.get(name)
        if address is None or (isinstance(address, str) and GOOGLES.fullmatch(address)):
            continue
        if not (local and isinstance(address, str) and on_this_machine(address)):
            raise BookError(
                f"凭据文件 {path} 里的 {name} 不是 Google 的地址；登录信息不会发到那里。请从 Google Cloud "
                "控制台重新下载。",
                f"{name} in the credentials file {path} is not an address of Google's. Nothing is sent there. "
                "Download the file from Google's console again.",
            )


def _lacks(path: Path, name: str) -> BookError:
    return BookError(
        f"凭据文件 {path} 缺少 {name}；请从 Google Cloud 控制台重新下载。",
        f"The credentials file {path} lacks {name}. Download it from Google's console again.",
    )


def _not_a_key(path: Path, info: Info) -> BookError:
    """What the file is instead, and what to do with it."""
    if "installed" in info:
        return BookError(
            f"{path} 是 OAuth 客户端文件，还不能登录；请先运行：servicebook sign-in {path}",
            f"{path} is an OAuth client, which does not sign in by itself. Run: servicebook sign-in {path}",
        )
    if "web" in info:
        return BookError(
            f"{path} 是网页应用的 OAuth 客户端；请在 Google Cloud 控制台另建一个“桌面应用”客户端，"
            "下载后运行：servicebook sign-in 文件",
            f"{path} is the OAuth client of a web application. Make one for a desktop app in Google's console, "
            "download it and run: servicebook sign-in FILE",
        )
    kind = str(info.get("type", ""))
    named = f"（type：{kind}）" if re.fullmatch(r"\w{1,40}", kind, re.ASCII) else ""
    return BookError(
        f"{path} 不是能用的 Google 凭据{named}；请用服务账号密钥、联合身份配置，或者 servicebook sign-in "
        "要的桌面客户端文件。",
        f"{path} holds no Google credentials that work here{named and f' (type: {kind})'}. Use a service account's "
        "key, a "
        "federation file, or a desktop client for servicebook sign-in.",
    )
