"""What Google's sign-in refused, in words: what is wrong, and what a person does about it."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Mapping
from typing import NamedTuple

from google.auth.exceptions import (
    GoogleAuthError,
    OAuthError,
    ResponseError,
    TimeoutError,  # noqa: A004 - google-auth's own
    TransportError,
)
from requests.exceptions import SSLError

from sync.model import BookError, ServicebookError, Unreachable

YOURSELF = "您自己的账号 your own account"
NOBODY = "联合身份（没有服务账号）a federation without a service account"
# Letters of both cases and digits without a hyphen or dot, as in a key: no folder is called that.
KEY_LIKE = re.compile(r"(?=\w*[A-Z])(?=\w*[a-z])(?=\w*\d)[A-Za-z0-9]{12,}|[A-Za-z0-9]{25,}")
# Long words that may be shown all the same: addresses, paths, names such as iam.serviceAccounts.getAccessToken.
PLAIN = re.compile(
    r"\W*(?:"
    r"(?:https:)?//[\w.-]{1,60}(?:/[\w.@:-]{0,40})*"
    r"|(?:[A-Z]:)?(?:[/\\][\w.@:-]{0,40})+"
    r"|[A-Za-z]{1,30}(?:\.[A-Za-z]{1,30})*"
    r")\W*",
    re.ASCII,
)


class Answer(NamedTuple):
    """Google's refusal: its word for it (invalid_grant, PERMISSION_DENIED…) and its sentence."""

    code: str
    sentence: str


# (who asked, Google's word) → what is wrong and the way out, zh and en
WAYS: Mapping[tuple[str, str], tuple[str, str]] = {
    ("user", "invalid_grant"): (
        (
            "登录已过期或被撤销；请重新运行 servicebook sign-in。同意屏幕还是“测试”状态时，登录七天就过期："
            "请改为“正式”或“内部”。"
        ),
        (
            "The sign-in has expired or was revoked. Run servicebook sign-in again. While the consent screen is in "
            "testing, "
            "a sign-in lasts seven days: publish it, or make it internal."
        ),
    ),
    ("user", "invalid_client"): (
        "登录用的 OAuth 客户端已删除，或者密码换过；请重新下载客户端文件，再运行 servicebook sign-in。",
        "The OAuth client was deleted or its secret was changed. Download it again and run servicebook sign-in.",
    ),
    ("key", "invalid_grant"): (
        (
            "可能是密钥或服务账号已被删除、停用，也可能是本机时钟不准（差几分钟就会被拒绝）。"
            "请先核对本机时间；时间没错就在 Google Cloud 控制台新建一把密钥，换掉旧文件。"
        ),
        (
            "Either the key or its service account was deleted or disabled, or this machine's clock is wrong "
            "(minutes are "
            "enough). Check the clock; if it is right, make a new key in Google's console and replace the file."
        ),
    ),
    ("key", "unauthorized_client"): (
        "这个账号不能用密钥取得表格权限；请在 Google Cloud 控制台确认服务账号已启用，密钥属于它。",
        "This account may not get access to Sheets with its key. See in Google's console that it is enabled.",
    ),
    ("federation", "invalid_grant"): (
        (
            "联合身份的令牌没有被接受：可能已过期，颁发者或受众（audience）与提供方的设置不一致，也可能是时钟不准。"
            "请让定时任务重新取令牌，并核对提供方的设置。"
        ),
        (
            "The federation's token was not accepted: too old, issuer or audience other than the provider's "
            "settings say, "
            "or a wrong clock. Let the scheduler fetch a new token and compare the provider's settings."
        ),
    ),
    ("federation", "unauthorized_client"): (
        "联合身份提供方的条件（attribute condition）不允许这个任务；请在 Google Cloud 控制台核对仓库名和分支。",
        (
            "The provider's attribute condition does not admit this job. Compare repository and branch in Google's "
            "console."
        ),
    ),
    ("federation", "invalid_target"): (
        "联合身份池或提供方不存在，或者已停用；请核对配置里的 audience。",
        "The workload identity pool or provider does not exist, or is disabled. See audience in the federation file.",
    ),
    ("impersonation", "PERMISSION_DENIED"): (
        (
            "联合身份还不能代用这个服务账号；请给它 roles/iam.workloadIdentityUser 角色"
            "（从另一个服务账号代用时是 Service Account Token Creator），并启用 IAM Service Account Credentials API。"
        ),
        (
            "The federation may not act as this service account yet. Grant it roles/iam.workloadIdentityUser on "
            "the account "
            "(Service Account Token Creator when one account acts as another), and enable the IAM Service Account "
            "Credentials API."
        ),
    ),
    ("impersonation", "NOT_FOUND"): (
        "没有这个服务账号；请核对配置里 service_account_impersonation_url 的邮箱地址。",
        "There is no such service account. See the address in service_account_impersonation_url.",
    ),
}
OTHERWISE: Mapping[str, tuple[str, str]] = {
    "user": ("请重新运行 servicebook sign-in。", "Run servicebook sign-in again."),
    "key": (
        "请在 Google Cloud 控制台核对这个服务账号和密钥。",
        "See the service account and its key in Google's console.",
    ),
    "federation": ("请核对联合身份的配置。", "See the federation's configuration."),
    "federation's token": (
        (
            "取不到联合身份的令牌；请核对配置里的 credential_source，在 GitHub Actions 里还要写 permissions: id-token: "
            "write。"
        ),
        (
            "The federation's own token is not to be had. See credential_source in its file; "
            "a GitHub workflow also needs permissions: id-token: write."
        ),
    ),
    "impersonation": ("请核对服务账号和它的角色。", "See the service account and its roles."),
}


def refused(error: GoogleAuthError, who: str) -> ServicebookError:
    """*error* of a sign-in as ours: Unreachable where a later run may succeed, else BookError with the way out."""
    if error.retryable or isinstance(error, (TransportError, TimeoutError, ResponseError)):
        return unreachable(error.args[0] if error.args else error)
    answer = _answer(error)
    kind = _kind(error, who)
    zh, en = WAYS.get((kind, answer.code)) or OTHERWISE[kind]
    said = ": ".join(part for part in answer if part)
    return BookError(
        f"Google 不让 {who} 登录（{said}）。{zh}",
        f"Google refused to sign in {who} ({said}). {en}",
    )


def unreachable(cause: object) -> Unreachable:
    """Google's sign-in does not answer: the line, a proxy, or a certificate on the way."""
    if isinstance(cause, SSLError):
        return Unreachable(
            "Google 登录服务的证书没有通过检查。公司网络如果用自己的证书，请把环境变量 REQUESTS_CA_BUNDLE 指向它。\n"
            "The certificate of Google's sign-in was not accepted. If your network has its own, "
            "let REQUESTS_CA_BUNDLE name it."
        )
    return Unreachable(
        "现在连不上 Google 的登录服务；请检查网络和代理（HTTPS_PROXY），下次运行会再试。\n"
        "Google's sign-in does not answer now. Check the network and the proxy (HTTPS_PROXY); the next run tries again."
    )


def harmless(text: str) -> str:
    """*text* from outside, fit for a message: short, and without anything as long as a key or a token."""
    return " ".join(word if _is_plain(word) else "…" for word in text.split())[:300]


def _is_plain(word: str) -> bool:
    """Whether *word* may be shown: short, or an address, a path or a name; the line of a key may begin with a slash."""
    return len(word) <= 24 or bool(PLAIN.fullmatch(word) and not any(map(KEY_LIKE.fullmatch, re.split(r"\W", word))))


def hush() -> None:
    """Stop these from writing tokens and secrets into the log, which they do at level DEBUG."""
    for name in ("google", "google_auth_oauthlib", "requests_oauthlib", "oauthlib"):
        logging.getLogger(name).setLevel(logging.WARNING)


def _answer(error: GoogleAuthError) -> Answer:
    """Out of the four shapes in which google-auth hands Google's answer on."""
    body = error.args[1] if len(error.args) > 1 else None
    if isinstance(body, str):
        try:
            body = json.loads(body)
        except ValueError:
            body = None
    found = body.get("error") if isinstance(body, dict) else None
    if isinstance(found, dict):  # as Google's APIs say it
        return Answer(harmless(str(found.get("status", ""))), harmless(str(found.get("message", ""))))
    if isinstance(body, dict) and found:  # as OAuth says it
        return Answer(harmless(str(found)), harmless(str(body.get("error_description") or "")))
    said = str(error.args[0]) if error.args else type(error).__name__
    if said.startswith("Reauthentication"):  # the rest names a program that nobody here has
        return Answer("invalid_rapt", "")
    return Answer("", harmless(said))


def _kind(error: GoogleAuthError, who: str) -> str:
    """What did not work out: the federation or the account it acts as, a key, or a person's sign-in."""
    said = str(error.args[0]) if error.args else ""
    if isinstance(error, OAuthError):
        return "federation"
    if said.startswith("Unable to acquire impersonated"):
        return "impersonation"
    if who == NOBODY or re.search(r"subject.token|certificate|^File '", said):  # nothing was sent to Google yet
        return "federation's token"
    return "key" if who.endswith(".gserviceaccount.com") else "user"
