"""Settings: precedence, tightening, and files with mistakes."""

from __future__ import annotations

from pathlib import Path

import pytest

from reign_tui.config import DEFAULTS, AppConfig, LoadedConfig, engine_settings, load_config
from reign_tui.paths import find_paths, find_project_file


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    (folder / ".git").mkdir(parents=True)
    return folder


@pytest.fixture
def user_file(reign_home: Path) -> Path:
    file = find_paths().config_file
    file.parent.mkdir(parents=True)
    return file


def loaded(project: Path, environment: dict[str, str] | None = None, **flags: object) -> LoadedConfig:
    return load_config(flags, cwd=project, environment=environment or {}, paths=find_paths())


def test_defaults(project: Path, reign_home: Path) -> None:
    found = loaded(project)
    assert found.config == AppConfig() == DEFAULTS
    assert set(found.sources.values()) == {"default"}
    assert found.warnings == ()


def test_flag_over_environment_over_file_over_default(project: Path, user_file: Path) -> None:
    user_file.write_text('theme = "reign-light"\ndocker_context = "one"\n')
    assert loaded(project).config.docker_context == "one"
    found = loaded(project, {"REIGN_DOCKER_CONTEXT": "two"})
    assert (found.config.docker_context, found.sources["docker_context"]) == ("two", "environment REIGN_DOCKER_CONTEXT")
    found = loaded(project, {"REIGN_DOCKER_CONTEXT": "two"}, docker_context="three")
    assert (found.config.docker_context, found.sources["docker_context"]) == ("three", "flag --docker-context")
    assert (found.config.theme, found.sources["theme"]) == ("reign-light", str(user_file))


def test_a_project_file_tightens_and_grants_nothing(project: Path, user_file: Path) -> None:
    user_file.write_text("read_only = true\nconcurrency = {docker = 4}\n")
    (project / ".reign.toml").write_text(
        'read_only = false\noffline = true\nprod_pattern = "bastion"\ntheme = "x"\ncapture_limit = "1GiB"\n'
        "[concurrency]\ndocker = 9\nshell = 1\n"
    )
    found = loaded(project)
    assert found.config.read_only
    assert found.config.offline
    assert found.sources["offline"] == f"{project / '.reign.toml'} (tightens)"
    assert found.config.concurrency["docker"] == 4
    assert found.config.concurrency["shell"] == 1
    settings = engine_settings(found.config, project)
    from reign_agents.safety.policy import prod_like
    from reign_executors.target import Target

    assert all(
        prod_like(Target(tool="docker", context=name, resource="container/x"), settings)
        for name in ("bastion-1", "eu-prod", "PROD")
    )
    assert not prod_like(Target(tool="docker", context="default", resource="container/x"), settings)
    left_out = sorted(warning.split(", so ")[1] for warning in found.warnings)
    assert left_out == ["capture_limit is left out", "theme is left out"]
    assert loaded(project, {"REIGN_OFFLINE": "0"}).config.offline


def test_the_nearest_project_file_up_to_the_repository(project: Path) -> None:
    below = project / "a" / "b"
    below.mkdir(parents=True)
    assert find_project_file(below) is None
    (project / ".reign.toml").touch()
    (project.parent / ".reign.toml").touch()
    assert find_project_file(below) == project / ".reign.toml"
    (project / "a" / ".reign.toml").touch()
    assert find_project_file(below) == project / "a" / ".reign.toml"


def test_outside_a_repository_only_the_folder_itself_counts(tmp_path: Path) -> None:
    (tmp_path / ".reign.toml").touch()
    below = tmp_path / "below"
    below.mkdir()
    assert find_project_file(below) is None
    assert find_project_file(tmp_path) == tmp_path / ".reign.toml"


def test_a_broken_file_is_named_with_its_line(project: Path, user_file: Path) -> None:
    user_file.write_text('theme = "reign-light"\nread_only = tru\n')
    found = loaded(project)
    assert found.config == DEFAULTS
    (warning,) = found.warnings
    assert warning.startswith(f"{user_file}, line 2: ")
    assert "defaults are used" in warning


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("read_only = 3", "read_only must be true or false"),
        ("theem = 'x'", "there is no setting 'theem' (did you mean theme?)"),
        ("zzz = 'x'", "there is no setting 'zzz': it is left out"),
        ("theme = 3", "theme must be a text"),
        ("prod_pattern = '('", "prod_pattern is no regular expression"),
        ("capture_limit = 'much'", "capture_limit must be bytes"),
        ("capture_limit = true", "capture_limit must be bytes"),
        ("concurrency = 3", "concurrency must name executors"),
        ("concurrency = {docker = 0}", "docker must be a number from 1 to 1000"),
        ("keymap = {quit = 1}", "keymap must map ids of bindings to keys"),
    ],
)
def test_a_value_that_does_not_fit_is_left_out(line: str, said: str, project: Path, user_file: Path) -> None:
    user_file.write_text(f'# settings\n\n{line}\n"offline" = true\n')
    found = loaded(project)
    assert found.config == AppConfig(offline=True)
    (warning,) = found.warnings
    assert warning.startswith(f"{user_file}, line 3: ")
    assert said in warning


def test_values_that_fit(project: Path, user_file: Path) -> None:
    user_file.write_text('capture_limit = "2 MiB"\ndocker_context = ""\n[keymap]\nquit = "ctrl+q"\n')
    found = loaded(project, {"REIGN_CONCURRENCY": "docker=2,helm=3"})
    assert found.config.capture_limit == 2 * 1024 * 1024
    assert found.config.docker_context is None
    assert found.config.keymap == {"quit": "ctrl+q"}
    assert found.config.concurrency == {"docker": 2, "shell": 4, "file": 16, "network": 16, "helm": 3}
    assert found.warnings == ()


@pytest.mark.parametrize(("variable", "value"), [("REIGN_READ_ONLY", "maybe"), ("REIGN_CONCURRENCY", "many")])
def test_an_environment_variable_that_does_not_fit(variable: str, value: str, project: Path, reign_home: Path) -> None:
    found = loaded(project, {variable: value})
    assert found.config == DEFAULTS
    assert variable in found.warnings[0]


def test_a_file_that_can_not_be_read(project: Path, user_file: Path) -> None:
    user_file.write_bytes(b"\xff\xfe")
    assert "it is not UTF-8" in loaded(project).warnings[0]
    user_file.unlink()
    user_file.mkdir()
    assert "Is a directory" in loaded(project).warnings[0]


def test_folders_without_reign_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "c"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "s"))
    found = find_paths({})
    assert found.config == tmp_path / "c" / "reign-tui"
    assert found.reports == tmp_path / "s" / "reign-tui" / "reports"


def test_reign_home_may_be_relative_or_begin_with_a_tilde(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/home/ana")
    assert find_paths({"REIGN_HOME": "here"}).data == tmp_path / "here" / "data"
    assert find_paths({"REIGN_HOME": "~/reign"}).data == Path("/home/ana/reign/data")
