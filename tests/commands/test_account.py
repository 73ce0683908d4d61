"""`wangge account`: the first administrators, and the way back in."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import httpx
import psycopg
import pytest

from app.identity import totp
from app.kit.db import Database
from tests.factories import identity as make

ROOT = Path(__file__).parents[2]
TOKEN = "/api/v1/auth/token"


def run(url: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    environment = {name: value for name, value in os.environ.items() if not name.startswith("WANGGE_")}
    environment |= {"WANGGE_DATABASE_URL": url, "WANGGE_MASTER_KEY": make.MASTER_KEY, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "app", "account", *arguments]
    return subprocess.run(command, check=False, capture_output=True, text=True, env=environment)


@pytest.fixture
def url(fresh_url: str) -> str:
    async def place() -> None:
        database = Database.connect(fresh_url)
        async with database.transaction() as session:
            await make.area(session, "330921", "county")
        await database.close()

    asyncio.run(place())
    with psycopg.connect(fresh_url) as connection:
        connection.execute(
            "INSERT INTO area_code (id, area_id, code_system, code, valid) "
            "SELECT gen_random_uuid(), id, 'a test', '330921000000', daterange('2020-01-01', NULL) FROM area"
        )
    return fresh_url


def add(url: str, username: str, **changes: str) -> "subprocess.CompletedProcess[str]":
    given = {"role": "security_admin", "area": "330921000000", "name": "王海生", **changes}
    return run(url, "add", username, *(word for key, value in given.items() for word in (f"--{key}", value)))


async def answers(url: str, username: str, password: str) -> httpx.Response:
    """Signs in over HTTP, and enrols when that is all that may be done."""
    database = Database.connect(url)
    app = make.app_over(database)
    form = {"grant_type": "password", "username": username, "password": password}
    async with make.client_of(app) as client:
        answer = await client.post(TOKEN, data=form)
        if answer.status_code == 200 and answer.json()["limited_to"]:
            headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
            begun = await client.post("/api/v1/me/totp", json={}, headers=headers)
            code = totp.code_of(begun.json()["secret"], totp.step_at(make.now()))
            done = await client.post("/api/v1/me/totp/confirmation", json={"code": code}, headers=headers)
            assert done.status_code == 200, done.text
    await database.close()
    return answer


def test_the_first_administrator_and_the_way_back_in(url: str) -> None:
    made = add(url, "Sec-Admin")
    assert made.returncode == 0, made.stderr
    username, password = made.stdout.split()
    first = asyncio.run(answers(url, username, password))
    assert first.json()["limited_to"] == "totp_enrolment"
    assert asyncio.run(answers(url, username, password)).status_code == 401  # it wants a code by now
    found = run(url, "recover", "sec-admin", "--reason", "手机与备用码均遗失")
    assert found.returncode == 0, found.stderr
    fresh = found.stdout.split()[1]
    assert fresh != password
    assert asyncio.run(answers(url, username, password)).status_code == 401
    assert asyncio.run(answers(url, username, fresh)).json()["limited_to"] == "totp_enrolment"
    with psycopg.connect(url) as connection:
        rows = connection.execute(
            "SELECT type, actor_kind FROM event WHERE subject_type = 'account' ORDER BY ord"
        ).fetchall()
    assert [row for row in rows if row[1] == "system"] == [
        ("account.created", "system"),
        ("account.password_changed", "system"),
        ("account.totp_removed", "system"),
    ]


@pytest.mark.parametrize(
    ("username", "changes", "code", "said"),
    [
        ("a b", {}, 2, "user name"),
        ("someone", {"role": "inspector"}, 2, "administrators"),
        ("someone", {"role": "emperor"}, 2, "Invalid value"),
        ("someone", {"area": "999999000000"}, 1, "does not exist"),
    ],
)
def test_refusals(url: str, username: str, changes: dict[str, str], code: int, said: str) -> None:
    done = add(url, username, **changes)
    assert done.returncode == code
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_name_is_taken_once_and_nobody_else_is_recovered(url: str) -> None:
    assert add(url, "sec-admin").returncode == 0
    again = add(url, "SEC-admin")
    assert (again.returncode, "taken" in again.stderr) == (1, True)
    nobody = run(url, "recover", "nobody", "--reason", "a test")
    assert (nobody.returncode, "does not exist" in nobody.stderr) == (1, True)
