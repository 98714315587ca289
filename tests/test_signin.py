"""Signing in to Google, over real HTTP, against a token service that checks signatures, times and grants."""

import contextlib
import json
import logging
import os
import re
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import google.auth.exceptions
import pytest
import requests
from google.auth.credentials import Credentials
from google.auth.transport.requests import AuthorizedSession
from sheets_server.tokens import SHEETS, SHEETS_READ, Tokens, pem, private_key

from sync.books.gsheets import refusals, signin
from sync.model import BookError, ServicebookError, Unreachable
from sync.settings import Google

ACCOUNT = "sync@demo-service.iam.gserviceaccount.com"
NIGHTLY = "nightly@demo-service.iam.gserviceaccount.com"
POSIX = pytest.mark.skipif(os.name == "nt", reason="Windows has no such permission bits")


class Service:
    """A token service at *url*, and a sheet behind it: GET reads, POST writes."""

    def __init__(self, tokens: Tokens) -> None:
        self.tokens, self.broken = tokens, None
        service = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self.do_POST()

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                if self.path == "/sheet":
                    bearer = self.headers.get("Authorization")
                    refusal = service.tokens.allows(bearer, write=self.command == "POST")
                    status, answer = refusal or (200, {"rows": 3})
                else:
                    status, answer = service.tokens.answer(self.command, self.path, self.headers, body)
                    status, answer = service.broken or (status, answer)
                text = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
                self.send_response(status)
                if status == 302:
                    self.send_header("Location", str(answer["location"]))
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *args: object) -> None:
                """Tests are quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.google = Google(endpoint=self.url)

    def named(self, path: Path) -> Google:
        return Google(endpoint=self.url, key_file=str(path))


@pytest.fixture(autouse=True)
def nobody_signed_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither this machine's own sign-in nor its proxy has a part in a test."""
    for name in ("GOOGLE_APPLICATION_CREDENTIALS", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("WIN_PD_OVERRIDE_LOCAL_APPDATA", str(tmp_path / "config"))


@pytest.fixture
def service() -> Iterator[Service]:
    found = Service(Tokens())
    thread = threading.Thread(target=found.server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield found
    found.server.shutdown()
    thread.join()
    found.server.server_close()


@pytest.fixture
def safe(tmp_path: Path) -> Path:
    """A folder for keys, outside the department."""
    (tmp_path / "keys").mkdir()
    return tmp_path / "keys"


@pytest.fixture
def department(tmp_path: Path) -> Path:
    (tmp_path / "department").mkdir()
    return tmp_path / "department"


def ask(service: Service, credentials: Credentials, method: str = "GET") -> int:
    """The sheet's answer; ours is the failure to sign in."""
    with AuthorizedSession(credentials) as session:
        try:
            return session.request(method, f"{service.url}/sheet").status_code
        except google.auth.exceptions.GoogleAuthError as error:
            raise signin.refused(error, signin.who(credentials)) from None
        finally:
            session._auth_request_session.close()  # noqa: SLF001 - google-auth leaves its sockets open


def failure(service: Service, credentials: Credentials, kind: type[ServicebookError] = BookError) -> str:
    with pytest.raises(kind) as caught:
        ask(service, credentials)
    said = str(caught.value)
    assert len(said.split("\n")) == 2
    return said


# ---------------------------------------------------------------- the ways in


def test_a_key_file_signs_in(service: Service, safe: Path, department: Path) -> None:
    """The JWT is signed with the file's key, and the token that it brings can write."""
    credentials = signin.credentials(service.named(service.tokens.key_file(safe, service.url)), department, write=True)
    assert ask(service, credentials, "POST") == 200
    assert signin.who(credentials) == ACCOUNT
    assert [grant.scopes for grant in service.tokens.issued.values()] == [{SHEETS}]


def test_nothing_but_a_token_is_asked_for(service: Service, safe: Path, department: Path) -> None:
    """google-auth's own look-up of regional boundaries would leave for another host, in a thread."""
    credentials = signin.credentials(service.named(service.tokens.key_file(safe, service.url)), department, write=True)
    before = threading.active_count()
    ask(service, credentials)
    ask(service, credentials)
    assert service.tokens.asked == ["/token"]
    assert not [one for one in threading.enumerate() if "egional" in type(one).__name__ + one.name]
    assert threading.active_count() <= before + 1  # the server's, for a connection


def test_who_only_reads_gets_a_token_that_cannot_write(service: Service, safe: Path, department: Path) -> None:
    credentials = signin.credentials(service.named(service.tokens.key_file(safe, service.url)), department, write=False)
    assert ask(service, credentials) == 200
    assert ask(service, credentials, "POST") == 403
    assert [grant.scopes for grant in service.tokens.issued.values()] == [{SHEETS_READ}]


def test_a_hosted_scheduler_acts_as_a_service_account(service: Service, safe: Path, department: Path) -> None:
    """Its job's token becomes a federated one, and that the account's: no key anywhere."""
    file = service.tokens.federation(safe, service.url, NIGHTLY)
    credentials = signin.credentials(service.named(file), department, write=True)
    assert ask(service, credentials, "POST") == 200
    assert signin.who(credentials) == NIGHTLY
    acting = f"/v1/projects/-/serviceAccounts/{NIGHTLY}:generateAccessToken"
    assert service.tokens.asked == ["/v1/token", acting]
    assert {grant.who: grant.scopes for grant in service.tokens.issued.values()}[NIGHTLY] == {SHEETS}


def test_a_federation_without_an_account_signs_in(service: Service, department: Path) -> None:
    """…and says that there is no address which a sheet could be shared with."""
    file = service.tokens.federation(department, service.url)  # no secret in it: it may lie here
    credentials = signin.credentials(service.named(file), department, write=False)
    assert ask(service, credentials) == 200
    assert "without a service account" in signin.who(credentials)


def test_a_stored_sign_in_is_refreshed(service: Service, safe: Path, department: Path) -> None:
    file = service.tokens.user_file(safe, service.url)
    credentials = signin.credentials(service.named(file), department, write=True)
    assert ask(service, credentials, "POST") == 200
    assert signin.who(credentials) == "您自己的账号 your own account"


def test_an_expired_token_is_replaced(service: Service, safe: Path, department: Path) -> None:
    credentials = signin.credentials(service.named(service.tokens.key_file(safe, service.url)), department, write=True)
    ask(service, credentials)
    service.tokens.expire_all()
    assert ask(service, credentials) == 200
    assert service.tokens.asked == ["/token", "/token"]


def test_the_setting_goes_before_the_variable_and_that_before_what_is_stored(
    service: Service, safe: Path, department: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The local server alone can do without: there everybody is “local”."""
    assert signin.who(signin.credentials(service.google, department, write=True)) == "local"
    signin.stored().parent.mkdir(parents=True)
    service.tokens.user_file(safe, service.url).rename(signin.stored())
    assert "your own" in signin.who(signin.credentials(service.google, department, write=True))
    variable = service.tokens.federation(safe, service.url, NIGHTLY)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(variable))
    assert signin.who(signin.credentials(service.google, department, write=True)) == NIGHTLY
    service.tokens.key_file(safe, service.url)
    monkeypatch.setenv("KEYS", str(safe))
    named = Google(endpoint=service.url, key_file="$KEYS/service-account.json")
    assert signin.who(signin.credentials(named, department, write=True)) == ACCOUNT
    beside = Google(endpoint=service.url, key_file="../keys/service-account.json")
    assert signin.who(signin.credentials(beside, department, write=True)) == ACCOUNT


def test_without_any_way_the_three_ways_are_named(department: Path) -> None:
    with pytest.raises(BookError) as caught:
        signin.credentials(Google(), department, write=True)
    for way in ("key_file", "GOOGLE_APPLICATION_CREDENTIALS", "servicebook sign-in"):
        assert str(caught.value).count(way) == 2  # in each language


# ---------------------------------------------------------------- Google says no


def test_a_deleted_key_and_a_wrong_clock_are_both_named(service: Service, safe: Path, department: Path) -> None:
    file = service.tokens.key_file(safe, service.url)
    service.tokens.revoke(json.loads(file.read_text("utf-8"))["private_key_id"])
    said = failure(service, signin.credentials(service.named(file), department, write=True))
    assert ACCOUNT in said
    assert "Invalid JWT Signature." in said
    assert "时钟不准" in said
    assert "deleted" in said


def test_a_key_of_somebody_else_is_refused(service: Service, safe: Path, department: Path) -> None:
    """The service does check the signature: the right names with another key are not enough."""
    file = service.tokens.key_file(safe, service.url)
    changed = json.loads(file.read_text("utf-8")) | {"private_key": pem(private_key("another"))}
    file.write_text(json.dumps(changed), encoding="utf-8")
    assert "Invalid JWT Signature." in failure(service, signin.credentials(service.named(file), department, write=True))


@pytest.mark.parametrize("hours", [-2, 2])
def test_a_wrong_clock_is_named(service: Service, safe: Path, department: Path, hours: int) -> None:
    service.tokens.now = lambda: time.time() + hours * 3600
    file = service.tokens.key_file(safe, service.url)
    said = failure(service, signin.credentials(service.named(file), department, write=True))
    assert "reasonable timeframe" in said
    assert "本机时钟不准" in said


def test_a_revoked_sign_in_says_to_sign_in_again(service: Service, safe: Path, department: Path) -> None:
    file = service.tokens.user_file(safe, service.url)
    service.tokens.revoke(json.loads(file.read_text("utf-8"))["refresh_token"])
    said = failure(service, signin.credentials(service.named(file), department, write=True))
    assert "expired or revoked" in said
    assert said.count("servicebook sign-in") == 2


def test_a_client_that_was_deleted_is_downloaded_again(service: Service, safe: Path, department: Path) -> None:
    file = service.tokens.user_file(safe, service.url)
    service.tokens.clients.clear()
    said = failure(service, signin.credentials(service.named(file), department, write=True))
    assert "invalid_client" in said
    assert "Download it again" in said


def test_a_missing_role_is_named(service: Service, safe: Path, department: Path) -> None:
    file = service.tokens.federation(safe, service.url, NIGHTLY)
    service.tokens.acting.clear()
    said = failure(service, signin.credentials(service.named(file), department, write=True))
    assert NIGHTLY in said
    assert said.count("roles/iam.workloadIdentityUser") == 2
    assert "Service Account Token Creator" in said
    assert "iam.serviceAccounts.getAccessToken" in said


@pytest.mark.parametrize(
    ("claims", "word"),
    [
        ({"aud": "https://elsewhere.example"}, "The audience in ID Token [https://elsewhere.example]"),
        ({"iss": "https://stranger.example"}, "The issuer in ID Token"),
        ({"iat": int(time.time()) - 7200, "exp": int(time.time()) - 3600}, "is stale to sign-in."),
        ({"sub": "another"}, "getAccessToken"),
    ],
)
def test_a_job_token_that_is_not_good_is_explained(
    service: Service, safe: Path, department: Path, claims: dict[str, object], word: str
) -> None:
    file = service.tokens.federation(safe, service.url, NIGHTLY)
    (safe / "scheduler.jwt").write_text(service.tokens.job_token(**claims), encoding="utf-8")
    said = failure(service, signin.credentials(service.named(file), department, write=True))
    assert word in said
    assert NIGHTLY in said


def test_a_pool_that_was_deleted_is_named(service: Service, safe: Path, department: Path) -> None:
    file = service.tokens.federation(safe, service.url, NIGHTLY)
    service.tokens.providers.clear()
    said = failure(service, signin.credentials(service.named(file), department, write=True))
    assert "invalid_target" in said
    assert "workload identity pool" in said


def test_a_job_without_its_token_is_told_where_it_comes_from(service: Service, safe: Path, department: Path) -> None:
    file = service.tokens.federation(safe, service.url, NIGHTLY)
    (safe / "scheduler.jwt").unlink()
    said = failure(service, signin.credentials(service.named(file), department, write=True))
    assert said.count("id-token: write") == 2
    assert "was not found" in said
    assert not service.tokens.asked


def test_a_silent_or_garbled_service_is_for_later(service: Service, safe: Path, department: Path) -> None:
    """A page of some proxy is no answer of Google's; neither is a 502."""
    files = [
        service.tokens.key_file(safe, service.url),
        service.tokens.federation(safe, service.url, NIGHTLY),
        service.tokens.user_file(safe, service.url),
    ]
    for broken in ((200, b"<html>please log in</html>"), (502, b"<html>"), (200, b'{"access_'), (200, b"")):
        service.broken = broken
        for file in files:
            failure(service, signin.credentials(service.named(file), department, write=True), Unreachable)


def test_nobody_at_the_address_is_for_later(service: Service, safe: Path, department: Path) -> None:
    file = service.tokens.key_file(safe, "http://127.0.0.1:9")  # nothing listens there
    said = failure(service, signin.credentials(service.named(file), department, write=True), Unreachable)
    assert "HTTPS_PROXY" in said


# ---------------------------------------------------------------- files that are refused


def refused(google: Google, department: Path) -> str:
    with pytest.raises(BookError) as caught:
        signin.credentials(google, department, write=True)
    zh, en = str(caught.value).split("\n")
    assert re.search("[一-鿿]", zh)
    assert not re.search("[一-鿿]", en.replace("“桌面应用”", ""))
    return str(caught.value)


@POSIX
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660])
def test_a_key_that_others_can_read_is_refused(service: Service, safe: Path, department: Path, mode: int) -> None:
    file = service.tokens.key_file(safe, service.url)
    file.chmod(mode)
    assert f"chmod 600 {file}" in refused(service.named(file), department)


@pytest.mark.parametrize("git", ["folder", "file"])
def test_a_key_inside_a_repository_is_refused(
    service: Service, safe: Path, department: Path, git: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also far below its root, in a work tree (whose .git is a file), and by a link from elsewhere."""
    deep = safe / "a" / "b"
    deep.mkdir(parents=True)
    (safe / ".git").mkdir() if git == "folder" else (safe / ".git").write_text("gitdir: elsewhere", encoding="utf-8")
    file = service.tokens.key_file(deep, service.url)
    said = refused(service.named(file), department)
    assert str(safe) in said
    assert "另建一把" in said
    with contextlib.suppress(OSError):  # Windows wants a privilege for links
        (safe.parent / "link.json").symlink_to(file)
        monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(safe.parent / "link.json"))
        assert str(safe) in refused(service.google, department)


def test_a_key_inside_the_department_folder_is_refused(service: Service, department: Path) -> None:
    (department / "keys").mkdir()
    file = service.tokens.key_file(department / "keys", service.url)
    assert "in the department folder" in refused(service.named(file), department)


def test_what_a_wrong_file_is_and_what_to_do_with_it(service: Service, safe: Path, department: Path) -> None:
    client = service.tokens.client_file(safe, service.url)
    assert f"servicebook sign-in {client}" in refused(service.named(client), department)
    other = safe / "other.json"
    for content, word in (
        ('{"web": {"client_id": "x"}}', "web application"),
        ('{"type": "gdch_service_account"}', "gdch_service_account"),
        ('{"hello": 1}', "no Google credentials"),
        ("[1, 2]", "damaged"),
        ('{"type": "service_account", ', "damaged"),
        ("[" * 100_000, "damaged"),
        ("\x00\x01", "damaged"),
        ('{"type": "service_account"}', "lacks client_email"),
        ('{"type": "authorized_user", "client_id": "1", "client_secret": 2}', "lacks client_secret"),
        ('{"type": "external_account"}', "lacks credential_source"),
        ('{"type": "external_account", "credential_source": {"executable": {"command": "id"}}}', "running a program"),
    ):
        other.write_text(content, encoding="utf-8")
        other.chmod(0o600)
        assert word in refused(service.named(other), department)
    assert "There is no credentials file" in refused(service.named(safe / "none.json"), department)
    assert "cannot be read" in refused(service.named(safe), department)


def test_notepads_mark_at_the_start_is_no_damage(service: Service, safe: Path, department: Path) -> None:
    file = service.tokens.key_file(safe, service.url)
    file.write_text("\ufeff" + file.read_text("utf-8"), encoding="utf-8")
    assert ask(service, signin.credentials(service.named(file), department, write=True)) == 200


@pytest.mark.parametrize("kind", ["cut", "mangled", "empty", "number"])
def test_a_key_that_was_cut_is_refused_without_quoting_it(
    service: Service, safe: Path, department: Path, kind: str
) -> None:
    file = service.tokens.key_file(safe, service.url)
    info = json.loads(file.read_text("utf-8"))
    whole = info["private_key"]
    info["private_key"] = {"cut": whole[:900], "mangled": whole.replace("A", "#"), "empty": " ", "number": 7}[kind]
    file.write_text(json.dumps(info), encoding="utf-8")
    said = refused(service.named(file), department)
    assert "private_key" in said
    assert not any(line in said for line in whole.splitlines())


FORGED = [
    "https://evil.example/token", "http://oauth2.googleapis.com/token", "https://googleapis.com.evil.example/token",
    "https://oauth2.googleapis.com@evil.example/token", "https://evil.example\\@oauth2.googleapis.com/token",
    "https://evilgoogleapis.com/token", "https://oauth2.googleapis.com:8443/token", "https://127.0.0.1/token",
    "http://127.0.0.1.evil.example/token", "http://127.0.0.1:80@evil.example/token", "//evil.example", "", "https://",
    "https://oauth2.googleapis.com/token\n", "https://oauth2.googleapis.com /token", 7,
]  # fmt: skip


@pytest.mark.parametrize("address", FORGED)
@pytest.mark.parametrize("endpoint", ["local", "Google's"])
def test_nothing_is_sent_to_a_forged_address(
    service: Service, safe: Path, department: Path, address: object, endpoint: str
) -> None:
    """Neither a signed JWT, nor a refresh token, nor a federated token."""
    endpoint = service.url if endpoint == "local" else Google().endpoint
    for file, name in (
        (service.tokens.key_file(safe, "https://oauth2.googleapis.com"), "token_uri"),
        (service.tokens.user_file(safe, "https://oauth2.googleapis.com"), "token_uri"),
        (service.tokens.federation(safe, "https://sts.googleapis.com", NIGHTLY), "token_url"),
        (
            service.tokens.federation(safe, "https://sts.googleapis.com", NIGHTLY, "b"),
            "service_account_impersonation_url",
        ),
    ):
        whole = json.loads(file.read_text("utf-8"))
        file.write_text(json.dumps(whole | {name: address}), encoding="utf-8")
        said = refused(Google(endpoint=endpoint, key_file=str(file)), department)
        assert name in said
        assert "evil" not in said


def test_an_address_of_this_machine_is_forged_unless_the_local_server_is_in_use(
    service: Service, safe: Path, department: Path
) -> None:
    file = service.tokens.key_file(safe, service.url)
    assert "token_uri" in refused(Google(key_file=str(file)), department)


def test_googles_own_addresses_are_good(safe: Path, department: Path) -> None:
    tokens = Tokens()
    for file in (
        tokens.key_file(safe, "https://oauth2.googleapis.com"),
        tokens.user_file(safe, "https://accounts.google.com/o/oauth2"),
        tokens.federation(safe, "https://sts.googleapis.com", NIGHTLY),
    ):
        assert signin.credentials(Google(key_file=str(file)), department, write=True)


# ---------------------------------------------------------------- a person signs in


class Browser:
    """Somebody who opens the page at once and follows where it leads."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.thread: threading.Thread | None = None

    def __call__(self, url: str) -> None:
        self.thread = threading.Thread(target=self.visit, args=(url,))
        self.thread.start()

    def visit(self, url: str) -> None:
        with requests.Session() as session:
            session.trust_env = False
            self.seen += [url, session.get(url, timeout=10).text]


def signed_in(service: Service, safe: Path) -> tuple[Path, Browser]:
    browser = Browser()
    client = service.tokens.client_file(safe, service.url)
    try:
        return signin.sign_in(client, endpoint=service.url, open_browser=False, tell=browser), browser
    finally:
        if browser.thread:
            browser.thread.join()


def test_a_person_signs_in_and_the_next_night_uses_it(service: Service, safe: Path, department: Path) -> None:
    """Page, redirect, code with its proof, token; kept for this user alone; good for reading and writing."""
    file, browser = signed_in(service, safe)
    assert file == signin.stored()
    assert "code_challenge_method=S256" in browser.seen[0]
    assert "登录完成" in browser.seen[1]
    assert json.loads(file.read_text("utf-8"))["type"] == "authorized_user"
    assert ask(service, signin.credentials(service.google, department, write=True), "POST") == 200
    assert service.tokens.asked == ["/o/oauth2/auth", "/token", "/token"]
    assert "OAUTHLIB_INSECURE_TRANSPORT" not in os.environ
    assert [one.name for one in file.parent.iterdir()] == ["google-user.json"]


@POSIX
def test_what_is_kept_of_a_sign_in_is_for_its_user_alone(service: Service, safe: Path) -> None:
    signin.stored().parent.mkdir(parents=True, mode=0o755)  # made by somebody else
    before = os.umask(0)
    try:
        file, _ = signed_in(service, safe)
    finally:
        os.umask(before)
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(("consent", "word"), [("no", "press Allow|Allow"), ("less", "not ticked")])
def test_a_person_who_says_no_gets_the_way_out(service: Service, safe: Path, consent: str, word: str) -> None:
    service.tokens.consent = consent
    with pytest.raises(BookError, match=word):
        signed_in(service, safe)
    assert not signin.stored().exists()


def test_a_port_that_is_taken_is_named(service: Service, safe: Path) -> None:
    client = service.tokens.client_file(safe, service.url)
    port = service.server.server_address[1]
    with pytest.raises(BookError, match=f"Port {port}"):
        signin.sign_in(client, endpoint=service.url, open_browser=False, port=port)


def test_a_person_needs_the_client_of_a_desktop_application(service: Service, safe: Path) -> None:
    """Not a key, which signs in without; not a page's client; none that sends the code elsewhere."""
    key = service.tokens.key_file(safe, service.url)
    with pytest.raises(BookError, match="key_file"):
        signin.sign_in(key, endpoint=service.url, open_browser=False)
    client = service.tokens.client_file(safe, service.url)
    whole = json.loads(client.read_text("utf-8"))
    for name in ("auth_uri", "token_uri"):
        forged = {"installed": whole["installed"] | {name: "https://evil.example/token"}}
        client.write_text(json.dumps(forged), encoding="utf-8")
        with pytest.raises(BookError, match=name):
            signin.sign_in(client, endpoint=service.url, open_browser=False)
    client.write_text(json.dumps({"web": whole["installed"]}), encoding="utf-8")
    with pytest.raises(BookError, match="desktop app"):
        signin.sign_in(client, endpoint=service.url, open_browser=False)


# ---------------------------------------------------------------- nothing leaks


@pytest.mark.parametrize(
    ("word", "shown"),
    [
        ("/W7jpchnpf4RAPAslZXAd5zDPTd/kMYyvpWMiIn8FDJwduibXWAw8ShpDi/gOhIC", False),  # the line of a key
        ("/zDPTdkMYyvpWMiInFDJwduibXWAw/ShpDi/gOhICaQ/bXWAwTdkMYyvpWMiIn", False),
        ("/home/li/google-keys/servicebook-key.json", True),
        ("C:\\Users\\wang\\AppData\\Roaming\\servicebook\\key.json", True),
        ("https://www.googleapis.com/auth/spreadsheets", True),
        ("iam.serviceAccounts.getAccessToken", True),
    ],
)
def test_a_path_may_be_shown_and_the_line_of_a_key_that_begins_like_one_may_not(word: str, shown: bool) -> None:  # noqa: FBT001
    assert (refusals.harmless(f"Bad: {word}") == f"Bad: {word}") is shown


def test_no_log_line_and_no_message_holds_a_secret(
    service: Service, safe: Path, department: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Not even at level DEBUG, at which the libraries would write whole tokens."""
    talkative = ("", "google", "google_auth_oauthlib", "requests_oauthlib", "oauthlib")
    for name in talkative:
        caplog.set_level(logging.DEBUG, logger=name)
    stored, _ = signed_in(service, safe)
    for name in talkative:
        caplog.set_level(logging.DEBUG, logger=name)
    files = [
        service.tokens.key_file(safe, service.url),
        service.tokens.federation(safe, service.url, NIGHTLY),
        service.tokens.user_file(safe, service.url),
        stored,
    ]
    for file in files:
        ask(service, signin.credentials(service.named(file), department, write=True))
    secrets = [*service.tokens.issued, *service.tokens.people, *service.tokens.clients.values()]
    secrets += [(safe / "scheduler.jwt").read_text("utf-8"), *pem(private_key(ACCOUNT)).splitlines()[1:-2]]
    said = []
    page = f"<html>{' '.join(secrets)}</html>".encode()
    for broken in ({"error": "invalid_grant", "error_description": f"Bad: {' '.join(secrets)}"}, page):
        service.broken = 400, broken
        said += [failure(service, signin.credentials(service.named(file), department, write=True)) for file in files]
    logged = [f"{record.getMessage()} {vars(record)}" for record in caplog.records]
    for secret in secrets:
        assert not [line for line in logged + said if secret in line]


def test_the_service_gives_nothing_for_a_token_that_is_not_its_own() -> None:
    tokens = Tokens()
    for bearer in (None, "", "Bearer", "Bearer x", "Basic eDp5"):
        status, body = tokens.allows(bearer, write=False) or (200, {})
        assert (status, body["error"]["status"]) == (401, "UNAUTHENTICATED")
    assert tokens.answer("POST", "/token", {}, b"grant_type=password")[1]["error"] == "unsupported_grant_type"
    assert tokens.answer("POST", "/token", {}, b"\xff\xfe")[0] == 400
    assert tokens.answer("POST", "/elsewhere", {}, b"")[0] == 404
    none = b"grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion="
    for assertion in (b"", b"a.b.c", b"e30.e30.", b"eyJhbGciOiJub25lIn0.e30."):
        assert tokens.answer("POST", "/token", {}, none + assertion)[0] == 400
