"""Settings come from the environment, or the process says in one line what is missing."""

from __future__ import annotations

from pathlib import Path

import pytest
from towerlab.domain.compute import Machine, Offer
from towerlab.runtime.settings import Google, Local, SettingsError, load, settings_from
from towerlab.runtime.wiring import begin


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "token").write_text("0123456789abcdef\n")
    return {"TOWERLAB_STATE": str(tmp_path)}


def test_the_state_folder_is_enough(environ: dict[str, str], tmp_path: Path) -> None:
    settings = settings_from(environ)
    assert isinstance(settings.place, Local)
    assert (settings.place.database, settings.place.internal_token) == (tmp_path / "towerlab.db", "0123456789abcdef")
    assert settings.allowed_hosts == ("127.0.0.1", "localhost", "[::1]")
    assert settings.place.internal_token not in repr(settings)


def test_everything_can_be_said(environ: dict[str, str]) -> None:
    settings = settings_from(
        environ
        | {
            "TOWERLAB_DATA_FOLDERS": "/a: /b :",
            "TOWERLAB_ALLOWED_HOSTS": "x.example, y.example:80",
            "TOWERLAB_PUBLIC_URL": "http://x/",
            "TOWERLAB_LOG": "pretty",
            "TOWERLAB_PIPELINE_TEMPLATE": "/t.json",
            "TOWERLAB_SERVICES": '{"codegen": "http://127.0.0.1:1/"}',
        }
    )
    assert isinstance(settings.place, Local)
    assert settings.place.data_folders == (Path("/a"), Path("/b"))
    assert settings.allowed_hosts == ("x.example", "y.example:80")
    assert (settings.public_url, settings.log, settings.pipeline_template) == ("http://x", "pretty", "/t.json")
    assert settings.place.services == {"codegen": "http://127.0.0.1:1"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TOWERLAB_STATE", ""),
        ("TOWERLAB_STATE", "/nowhere/at/all"),
        ("TOWERLAB_INTERNAL_TOKEN_FILE", "/nowhere"),
        ("TOWERLAB_LOG", "loud"),
        ("TOWERLAB_SERVICES", "{"),
        ("TOWERLAB_SERVICES", "[]"),
        ("TOWERLAB_PLATFORM", "moon"),
        ("TOWERLAB_FULL_TRAINING", "elsewhere"),
        ("TOWERLAB_FULL_TRAINING_DEADLINE_SECONDS", "a day"),
    ],
)
def test_a_fault_names_its_variable(environ: dict[str, str], name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name):
        settings_from(environ | {name: value})


def test_a_short_token_is_refused(environ: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "token").write_text("short")
    with pytest.raises(SettingsError, match="16"):
        settings_from(environ)


def test_missing_settings_end_the_process_with_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("TOWERLAB_STATE", raising=False)
    with pytest.raises(SystemExit) as raised:
        load()
    line = capsys.readouterr().err
    assert raised.value.code == 3
    assert line.startswith("cannot start: TOWERLAB_STATE")
    assert line.count("\n") == 1


GOOGLE = {
    "TOWERLAB_PLATFORM": "google",
    "TOWERLAB_PROJECT": "shop",
    "TOWERLAB_REGION": "europe-west4",
    "TOWERLAB_ARTIFACTS": "gs://shop-artifacts/",
    "TOWERLAB_PIPELINE_ROOT": "gs://shop-pipelines",
    "TOWERLAB_SNAPSHOTS": "shop.snapshots",
    "TOWERLAB_PUSH_AUDIENCE": "https://towerlab.example",
    "TOWERLAB_PUSH_ACCOUNTS": "push@shop.example, ticks@shop.example",
    "TOWERLAB_PIPELINE_IMAGE": "registry.example/pipeline:1",
    "TOWERLAB_PIPELINE_ACCOUNT": "pipelines@shop.example",
}


def test_an_installation_on_google_cloud_needs_no_folder() -> None:
    place = settings_from(GOOGLE).place
    assert isinstance(place, Google)
    assert (place.artifacts, place.database) == ("gs://shop-artifacts", "(default)")
    assert place.push_accounts == ("push@shop.example", "ticks@shop.example")


@pytest.mark.parametrize("name", sorted(set(GOOGLE) - {"TOWERLAB_PLATFORM"}))
def test_google_cloud_needs_every_one_of_its_settings(name: str) -> None:
    with pytest.raises(SettingsError, match=name):
        settings_from(GOOGLE | {name: ""})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TOWERLAB_ARTIFACTS", "/tmp/artifacts"),
        ("TOWERLAB_ARTIFACTS", "gs://"),
        ("TOWERLAB_PIPELINE_ROOT", "s3://bucket"),
        ("TOWERLAB_SNAPSHOTS", "snapshots"),
        ("TOWERLAB_SNAPSHOTS", "shop."),
        ("TOWERLAB_DATAFLOW_ROWS", "-1"),
        ("TOWERLAB_DATAFLOW_ROWS", "many"),
        ("TOWERLAB_DATAFLOW_WORKERS", "0"),
        ("TOWERLAB_DATAFLOW_MACHINE", "big --one"),
        ("TOWERLAB_TRAINER_CPU", "97"),
        ("TOWERLAB_TRAINER_MEMORY_GB", "16Gi"),
        ("TOWERLAB_TRAINER_ACCELERATOR", "NVIDIA_TESLA_T4"),
        ("TOWERLAB_TRAINER_ACCELERATOR", "NVIDIA_TESLA_T4:3"),
        ("TOWERLAB_TRAINER_ACCELERATOR", "t4:1"),
    ],
)
def test_a_fault_on_google_cloud_names_its_variable(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"{name} is "):
        settings_from(GOOGLE | {name: value})


def test_the_machines_of_google_cloud_are_settings() -> None:
    named = {
        "TOWERLAB_DATAFLOW_ROWS": "50000000",
        "TOWERLAB_DATAFLOW_WORKERS": "20",
        "TOWERLAB_DATAFLOW_MACHINE": "n2-highmem-8",
        "TOWERLAB_DATAFLOW_IMAGE": "registry.example/workers:1",
        "TOWERLAB_TRAINER_CPU": "16",
        "TOWERLAB_TRAINER_MEMORY_GB": "104",
        "TOWERLAB_TRAINER_ACCELERATOR": "NVIDIA_TESLA_T4:2",
    }
    expected = Offer(
        50_000_000, 20, "n2-highmem-8", "registry.example/workers:1", Machine(16, 104, "NVIDIA_TESLA_T4", 2)
    )
    assert settings_from(GOOGLE | named).offer == expected
    assert settings_from(GOOGLE).offer == Offer()
    assert settings_from(GOOGLE | {"TOWERLAB_DATAFLOW_ROWS": "0"}).offer == Offer(dataflow_rows=0)


def test_one_machine_has_nothing_to_choose_from(environ: dict[str, str]) -> None:
    assert settings_from(environ).offer is None


def test_what_a_service_cannot_begin_without_ends_it_with_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], environ: dict[str, str]
) -> None:
    monkeypatch.setenv("TOWERLAB_STATE", environ["TOWERLAB_STATE"])
    monkeypatch.delenv("TOWERLAB_PIPELINE_TEMPLATE", raising=False)
    with pytest.raises(SystemExit) as raised:
        begin("metrics-collector", "template")
    assert raised.value.code == 3
    assert capsys.readouterr().err.splitlines()[-1].startswith("cannot start: TOWERLAB_PIPELINE_TEMPLATE")


def test_nobody_serves_people_on_google_cloud_without_their_audiences(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in GOOGLE.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("TOWERLAB_AUDIENCES", raising=False)
    with pytest.raises(SystemExit):
        begin("config-api", "identity")
    assert capsys.readouterr().err.startswith("cannot start: TOWERLAB_AUDIENCES")
