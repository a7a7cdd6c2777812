"""Triples from TOML and from flags: what is accepted, and what every mistake is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from rdpt_core.config import parse_reference, parse_roles, read_triple
from rdpt_core.errors import UsageError
from rdpt_core.records import ROLES, ModelReference, Role, TemplateSettings
from tests.support.servers.certificates import make_certificate


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_a_triple_from_toml(tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    toml = write(
        tmp_path / "triple.toml",
        '[teacher]\nmodel = "org/name"\nrevision = "main"\ndtype = "bfloat16"\n'
        '[student]\nmodel = "own"\n[distilled]\nmodel = "org/other"\n',
    )
    models = read_triple(toml)
    assert models.roles == ROLES
    assert models.references[Role.TEACHER].revision == "main"
    assert models.references[Role.TEACHER].dtype == "bfloat16"
    # A relative folder is found beside the file, wherever the command runs.
    assert models.references[Role.STUDENT].model == str(tmp_path / "own")
    assert models.references[Role.DISTILLED].model == "org/other"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[teacher\n", "TOML"),
        ('[teacher]\nmodel = "a"\n[student]\nmodel = "b"\n', "a role is missing"),
        ('[teacher]\nmodel = 3\n[student]\nmodel="b"\n[distilled]\nmodel="c"\n', "non-empty string"),
        ('[teacher]\nmodle = "a"\n[student]\nmodel="b"\n[distilled]\nmodel="c"\n', "unknown key"),
        ('[teacher]\nrevision = "a"\n[student]\nmodel="b"\n[distilled]\nmodel="c"\n', "names no model"),
        ('[teacher]\nmodel="a"\ndtype="int4"\n[student]\nmodel="b"\n[distilled]\nmodel="c"\n', "unknown dtype"),
        ('[tutor]\nmodel="a"\n', "unknown table"),
        (
            '[teacher]\nmodel="a"\nbase_url="http://h"\n[student]\nmodel="b"\n[distilled]\nmodel="c"\n',
            'backend = "openai"',
        ),
        ('[teacher]\nbase="a"\n', "an adapter goes with its base"),
        ('[teacher]\nbase="a"\nmodel="b"\nadapter="c"\n', "got `model`, `base`, `adapter`"),
        ('[teacher]\nbackend="openai"\nmodel="a"\nadapter="c"\nbase_url="http://h"\n', 'backend = "transformers"'),
        ('[teacher]\nbackend="openai"\n', "no address"),
        ('[teacher]\nbackend="openai"\nbase_url="ftp://h"\n', "no address of a server"),
        ('[teacher]\nbackend="openai"\nbase_url="http://h"\nconcurrency=0\n', "whole number above 0"),
        ('[teacher]\nbackend="openai"\nbase_url="http://h"\ntimeout_s=true\n', "number above 0"),
        ('[teacher]\nbackend="openai"\nbase_url="http://h"\ndialect="tgi"\n', "unknown dialect"),
        ('[teacher]\nbackend="openai"\nbase_url="http://h"\napi_key="s"\n', "never written down"),
        ('[teacher]\nbackend="recorded"\n', "names no files"),
        ('[teacher]\nbackend="recorded"\nfiles=["nothing.jsonl"]\n', "no such file"),
        ('[teacher]\nbackend="recorded"\nfiles="a"\n', "list of strings"),
        ('[teacher]\nbackend="recorded"\nfiles=["a"]\ntemperature=0\n', "a number above 0, such as 0.6"),
        ('[teacher]\nbackend="recorded"\nfiles=["a"]\ntemperature="0.6"\n', "a number above 0, such as 0.6"),
        ('[teacher]\nmodel="a"\ntemperature=0.6\n', 'belongs to backend = "recorded"'),
        ('[teacher]\nmodel="a"\ntemplate_arguments="thinking"\n', "a table such as { enable_thinking = true }"),
        ('[teacher]\nmodel="a"\ntemplate_arguments={messages=[]}\n', "no argument of this name"),
        ('[teacher]\nmodel="a"\ntemplate_arguments={add_generation_prompt=false}\n', "no argument of this name"),
        ('[teacher]\nmodel="a"\ntemplate_arguments={"a b"=1}\n', "no argument of this name"),
        ('[teacher]\nmodel="a"\ntemplate_arguments={day=2025-01-01}\n', "cannot be given this value"),
        ('[teacher]\nmodel="a"\ntemplate_arguments={x=nan}\n', "cannot be given this value"),
        ('[teacher]\nmodel="a"\ntemplate_name=""\n', "non-empty string"),
        ('[teacher]\nbackend="grpc"\n', "transformers or openai or recorded"),
        ('teacher = "org/name"\n[student]\nmodel="b"\n[distilled]\nmodel="c"\n', "a role is missing"),
    ],
)
def test_a_wrong_triple_says_what_is_wrong(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_triple(write(tmp_path / "triple.toml", text))
    assert said in str(caught.value)
    assert "triple.toml" in str(caught.value)


def test_settings_of_chat_templates_from_toml(tmp_path: Path) -> None:
    (tmp_path / "r.jsonl").write_text("{}")
    toml = write(
        tmp_path / "triple.toml",
        '[teacher]\nmodel = "a"\ntemplate_name = "tool_use"\n'
        '[teacher.template_arguments]\nenable_thinking = true\ntools = [{ name = "f" }]\n'
        '[student]\nbackend = "openai"\nbase_url = "http://h"\ntemplate_arguments = { thinking_budget = 0 }\n'
        '[distilled]\nbackend = "recorded"\nfiles = ["r.jsonl"]\n',
    )
    references = read_triple(toml).references
    given = {"enable_thinking": True, "tools": [{"name": "f"}]}
    assert references[Role.TEACHER].template == TemplateSettings("tool_use", given)
    assert references[Role.STUDENT].template == TemplateSettings(None, {"thinking_budget": 0})
    assert references[Role.DISTILLED].template == TemplateSettings()


def test_a_missing_triple_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"nowhere\.toml"):
        read_triple(tmp_path / "nowhere.toml")


def test_references(tmp_path: Path) -> None:
    assert parse_reference("org/name").revision is None
    assert parse_reference("org/name@v2").model == "org/name"
    assert parse_reference("org/name@v2").revision == "v2"
    folder = tmp_path / "odd@name"
    folder.mkdir()
    assert parse_reference(str(folder)).model == str(folder)


def test_an_adapter_goes_with_its_base(tmp_path: Path) -> None:
    for name in ("base", "tuned"):
        (tmp_path / name).mkdir()
    given = parse_reference("base=org/name@v2,adapter=org/tuned@v1")
    assert (given.model, given.revision, given.adapter) == ("org/name", "v2", "org/tuned@v1")
    assert parse_reference("adapter=a,b=c,base=d").adapter == "a,b=c"
    table = 'base = "base"\nadapter = "tuned"\n'
    toml = write(tmp_path / "triple.toml", f"[teacher]\n{table}[student]\n{table.replace('base =', 'model =')}")
    for reference in read_triple(toml, (Role.TEACHER, Role.STUDENT)).references.values():
        assert (reference.model, reference.adapter) == (str(tmp_path / "base"), str(tmp_path / "tuned"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("base=org/name", "an adapter goes with its base"),
        ("adapter=org/name", "an adapter goes with its base"),
        ("base=a,adapter=b,adapter=c", "a key is given twice"),
        ("base=,adapter=b", "non-empty string"),
    ],
)
def test_half_an_adapter_says_what_is_missing(text: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_reference(text)
    assert said in str(caught.value) and text in str(caught.value)


def test_roles() -> None:
    assert parse_roles("student, teacher") == (Role.TEACHER, Role.STUDENT)
    assert parse_roles("teacher,student,distilled") == ROLES
    assert parse_roles("distilled,student") == (Role.STUDENT, Role.DISTILLED)
    for wrong in ("teacher", "teacher,distilled", "teacher,teacher,student", "teacher,pupil", ""):
        with pytest.raises(UsageError):
            parse_roles(wrong)


def test_served_and_recorded_models_from_toml_and_from_flags(tmp_path: Path) -> None:
    for name in ("tokens", "served"):
        (tmp_path / name).mkdir()
    (tmp_path / "r.jsonl").write_text("{}")
    toml = write(
        tmp_path / "triple.toml",
        '[teacher]\nbackend = "openai"\nbase_url = "http://127.0.0.1:8000/v1"\nmodel = "served"\n'
        'tokenizer = "tokens"\napi_key_env = "MY_KEY"\nconcurrency = 4\npatience_s = 2.5\n'
        '[student]\nbackend = "recorded"\nfiles = ["r.jsonl"]\n[distilled]\nmodel = "org/other"\n',
    )
    references = read_triple(toml).references
    teacher, student = references[Role.TEACHER], references[Role.STUDENT]
    # A served name is a name, even beside a folder of the same name.
    assert (teacher.model, teacher.tokenizer) == ("served", str(tmp_path / "tokens"))
    assert teacher.server is not None
    assert (teacher.server.api_key_env, teacher.server.concurrency, teacher.server.patience_s) == ("MY_KEY", 4, 2.5)
    assert student.files == (str(tmp_path / "r.jsonl"),)

    flag = parse_reference("openai:http://127.0.0.1:8000/v1,model=served,timeout_s=30,context_length=4096")
    assert flag.backend == "openai" and flag.server is not None
    assert (flag.model, flag.server.timeout_s, flag.server.context_length) == ("served", 30, 4096)
    assert parse_reference(f"recorded:{tmp_path / 'r.jsonl'}").files == (str(tmp_path / "r.jsonl"),)
    recorded = parse_reference(f"recorded:{tmp_path / 'r.jsonl'},temperature=0.6")
    assert (recorded.temperature, student.temperature) == (0.6, None)
    with pytest.raises(UsageError, match="a number above 0, such as 0.6; got 'warm'"):
        parse_reference(f"recorded:{tmp_path / 'r.jsonl'},temperature=warm")
    with pytest.raises(UsageError, match="no address of a server"):
        parse_reference("openai:localhost")


@pytest.mark.parametrize(
    "address",
    [
        "http://[::1/v1",
        "http://127.0.0.1:abc/v1",
        "http://127.0.0.1:99999/v1",
        "http://127.0.0.1:0/v1",
        "http://a\nb/v1",
        "http://a/v1 x",
        "http://a/v1,sk-canary",
    ],
)
def test_an_address_that_no_client_can_use_is_refused_and_not_repeated(address: str) -> None:
    with pytest.raises(UsageError, match="no address of a server") as caught:
        parse_reference(f"openai:{address},tokenizer=here")
    assert address not in str(caught.value) and "canary" not in str(caught.value)


def test_a_key_written_into_a_flag_is_refused_by_its_name() -> None:
    with pytest.raises(UsageError, match="unknown key in the triple") as caught:
        parse_reference("openai:http://127.0.0.1:9/v1,api_key=sk-canary,tokenizer=here")
    assert "canary" not in str(caught.value) and "api_key_env" in str(caught.value)


def test_recordings_name_the_model_that_they_are_checked_with(tmp_path: Path) -> None:
    (tmp_path / "big").mkdir()
    (tmp_path / "r.jsonl").touch()
    triple = tmp_path / "t.toml"
    table = '[{role}]\nbackend = "recorded"\nfiles = ["r.jsonl"]\ncheck_with = "{model}"\n'
    triple.write_text(
        table.format(role="teacher", model="big") + table.format(role="student", model="base=big,adapter=lora")
    )
    references = read_triple(triple, parse_roles("teacher,student")).references
    teacher, student = (references[role].check_with for role in (Role.TEACHER, Role.STUDENT))
    assert teacher == ModelReference(str(tmp_path / "big"))
    assert student == ModelReference(str(tmp_path / "big"), adapter="lora")
    by_flag = parse_reference(f"recorded:{tmp_path / 'r.jsonl'},check_with=org/name@v1")
    assert by_flag.check_with == ModelReference("org/name", revision="v1")
    with pytest.raises(UsageError, match="a model that runs here") as caught:
        parse_reference(f"recorded:{tmp_path / 'r.jsonl'},check_with=openai:http://u:secret@h/v1")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("http://user:canary@h/v1", "may hold no key"),
        ("http://h/v1?key=canary", "may hold no query.*api_key_env"),
        ("https://h/openai?api-version=canary", "may hold no query.*Azure OpenAI.*not supported"),
        ("unix://run/canary.sock", "three slashes"),
        ("unix:///", "three slashes"),
        ("unix:///s?canary", "may hold no query"),
        (f"unix:///{'x' * 103}", "too long.*103 bytes"),
        ("unix:///" + "%C3%A9" * 60, "too long"),
    ],
)
def test_an_address_that_holds_too_much_is_told_so(address: str, said: str) -> None:
    with pytest.raises(UsageError, match=said) as caught:
        parse_reference(f"openai:{address},tokenizer=here")
    assert "canary" not in str(caught.value).replace("unix://run/canary", "")


def test_a_socket_file_as_address() -> None:
    reference = parse_reference("openai:unix:///run/a=b.sock,model=m,tokenizer=here")
    assert reference.server is not None
    assert (reference.server.base_url, reference.model) == ("unix:///run/a=b.sock", "m")


def test_certificates_are_looked_for_beside_the_file_and_read_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "keys"
    folder.mkdir()
    made = make_certificate(folder, "ca", alt_names="")
    table = '[teacher]\nbackend = "openai"\nbase_url = "https://h"\nmodel = "m"\nca_file = "keys/{}"\n'
    others = '[student]\nmodel = "a"\n[distilled]\nmodel = "b"\n'
    toml = write(tmp_path / "t.toml", table.format("ca.pem") + others)
    server = read_triple(toml).references[Role.TEACHER].server
    assert server is not None and server.ca_file == str(made.file)
    for name, said in (("ca.key", "holds no certificates.*PEM"), ("none.pem", "cannot be read.*No such file")):
        with pytest.raises(UsageError, match=said):
            read_triple(write(tmp_path / "t.toml", table.format(name) + others))
    monkeypatch.setenv("HOME", str(folder))
    server = parse_reference("openai:https://h,model=m,ca_file=~/ca.pem").server
    assert server is not None and server.ca_file == str(made.file)
