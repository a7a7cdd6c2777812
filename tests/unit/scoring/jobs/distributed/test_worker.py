"""What a worker of Ray is given."""

from __future__ import annotations

from pathlib import Path

import pytest

from rdpt_core.config import ModelSet
from rdpt_core.records import ModelReference, Role, ServerSettings
from rdpt_core.scoring.jobs.distributed.worker import portable
from rdpt_core.scoring.request import ScoreRequest


def test_a_model_keeps_the_name_by_which_its_family_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "gpt-oss").symlink_to(tmp_path / "model")
    monkeypatch.chdir(tmp_path)
    request = ScoreRequest(ModelSet({role: ModelReference("gpt-oss") for role in (Role.TEACHER, Role.STUDENT)}))
    references = portable(request, Role.TEACHER).models.references
    assert references == {Role.TEACHER: ModelReference(str(tmp_path / "gpt-oss"))}


def test_a_file_of_certificates_is_found_from_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    served = ModelReference("m", backend="openai", server=ServerSettings("https://h", ca_file="ca.pem"))
    request = ScoreRequest(ModelSet({Role.TEACHER: served, Role.STUDENT: ModelReference("s")}))
    server = portable(request, Role.TEACHER).models.references[Role.TEACHER].server
    assert server == ServerSettings("https://h", ca_file=str(tmp_path / "ca.pem"))


def test_a_companion_travels_with_the_distilled_model_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "code").mkdir()
    models = ModelSet(
        dict.fromkeys((Role.TEACHER, Role.STUDENT, Role.DISTILLED), ModelReference("org/x")),
        {"teacher:code": ModelReference("code"), "control:decoy": ModelReference("org/y")},
    )
    sent = portable(ScoreRequest(models), "teacher:code").models
    assert sent.keys == ("distilled", "teacher:code")
    assert sent.reference("teacher:code") == ModelReference(str(tmp_path / "code"))
