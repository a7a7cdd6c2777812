"""From a model as the user named it to files on disk, with the mistakes caught before anything slow starts.

Three mistakes cost minutes or give wrong numbers when a library finds them: a hub model that does not exist (the
client retries for half a minute), a local path that does not exist (the message speaks of repository names), and a
folder without tokenizer files (an empty tokenizer is made in silence). All three are checked here first.
"""

from __future__ import annotations

import json
import os
import shlex
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from pathlib import Path

from rdpt_core.errors import MissingPackageError, ModelError
from rdpt_core.records import ModelReference
from rdpt_core.scoring.models.adapters import CONFIG, WEIGHTS, AdapterFiles, is_adapter, open_adapter, trained_on
from rdpt_core.scoring.models.hashed_files import HashedFiles
from rdpt_core.scoring.models.settings import read_settings
from rdpt_core.scoring.models.tokenizer_files import TOKENIZER_SETTINGS

_WEIGHT_PATTERNS = ("*.safetensors",)
_TOKENIZER_FILES = (
    "tokenizer.json",
    "tokenizer.model",
    "vocab.json",
    "vocab.txt",
    "spiece.model",
    "tekken.json",
    "tiktoken.model",
)
_TOKENIZER_PATTERNS = ["*.json", "*.jinja", "*.model", "*.txt"]
# Beside weights and vocabulary: what transformers takes added and special tokens from, and which file gives a tensor.
_OTHER_FILES = ("config.json", *TOKENIZER_SETTINGS, "model.safetensors.index.json")
_TEMPLATE_PATTERNS = ("*.jinja", "additional_chat_templates/*.jinja")
_HUB_PATTERNS = ["*.safetensors", *_TOKENIZER_PATTERNS]
_ADAPTER_PATTERNS = [CONFIG, WEIGHTS, *_TOKENIZER_PATTERNS]
_HUB_TIMEOUT_S = 1.0


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """A model on disk.

    Attributes:
        base_name: as the user named it.
        folder: holds the configuration and the tokenizer.
        base_revision: the hub commit, or `sha256:…` over the files of a local folder.
        gguf: name of the GGUF file in `folder`, or None for safetensors.
        hashed: the files that decide a number, as they were when the revision was found; None for a tokenizer, which is
            named by what was loaded.
        adapter: what is to be merged into the model of `folder`.
    """

    base_name: str
    folder: Path
    base_revision: str
    gguf: str | None = None
    hashed: HashedFiles | None = field(default=None, compare=False, repr=False)
    adapter: AdapterFiles | None = None

    @property
    def name(self) -> str:
        """As the user named it, with its adapter."""
        return self.base_name if self.adapter is None else f"base={self.base_name},adapter={self.adapter.name}"

    @property
    def revision(self) -> str:
        """Of all files; those of an adapter come first."""
        return self.base_revision if self.adapter is None else f"{self.adapter.hashed.revision} on {self.base_revision}"

    def of_tokenizer(self) -> ModelFiles:
        """Where the tokenizer is: an adapter may come with the one of its training."""
        if self.adapter is None or not _has_tokenizer(self.adapter.folder):
            return self
        return replace(self, folder=self.adapter.folder)

    def check_unchanged(self) -> None:
        """To be called once something was loaded from the files.

        Raises:
            ModelError: they are not those that were hashed, so that what was loaded may be another model.
        """
        hashed = [self.hashed, self.adapter and self.adapter.hashed]
        self._refuse(next((changed for files in hashed if files and (changed := files.changed())), None))

    def check_mapped(self) -> None:
        """To be called while weights may be used where they lie: on CPU they are mapped into memory, not read.

        Raises:
            ModelError: a file was written to in place.
        """
        self._refuse(self.hashed.changed_in_place() if self.hashed else None)

    def _refuse(self, changed: str | None) -> None:
        if changed is not None:
            raise ModelError(
                "a file of the model changed after the run was named by its contents",
                where=f"{self.name}, {changed}",
                expected=f"the files of revision {self.revision}",
                got="other contents, or none",
                hint="Score a copy of a folder into which something is still being saved. The same command begins a "
                "run of the model as it is now.",
            )


def resolve(reference: ModelReference) -> ModelFiles:
    """Find the files of a model and pin them to a revision.

    Raises:
        ModelError: nothing at that path, nothing of that name, or a folder in which something is missing.
    """
    if reference.adapter is not None:
        return _adapted(reference, reference.adapter)
    if not reference.model.strip():
        raise ModelError("a model has no name", expected="a folder, a .gguf file, or org/name", got="an empty name")
    path = Path(os.path.expanduser(reference.model))
    if path.exists() and reference.revision is not None:
        raise ModelError(
            "a local model has no revisions to choose from",
            where=reference.model,
            expected="a folder or file without a revision",
            got=f"revision {reference.revision}",
        )
    if path.suffix == ".gguf" and path.is_file():
        _require("GGUF files need packages that are not installed", {"gguf": "gguf", "accelerate": "accelerate"})
        hashed = HashedFiles(lambda: [path])
        return ModelFiles(reference.model, path.parent, hashed.revision, gguf=path.name, hashed=hashed)
    if path.is_dir():
        return _local(reference, path)
    if path.exists():
        raise ModelError(
            "this file is not a model",
            where=reference.model,
            expected="a folder with config.json, safetensors and tokenizer files, or a .gguf file",
            got=f"a file of {path.stat().st_size} bytes",
        )
    if _looks_like_path(reference.model):
        raise ModelError(
            "there is no model folder at this path",
            where=reference.model,
            expected="a folder with config.json, safetensors and tokenizer files",
            got=f"nothing ({_nearest_parent(path)})",
            hint="Check the path; a hub name has the form `org/name`.",
        )
    return _hub(reference)


def resolve_tokenizer(name: str) -> ModelFiles:
    """Find the tokenizer of a model whose weights are elsewhere: a folder, a `.gguf` file, or a hub name with an
    optional `@revision`.

    Raises:
        ModelError: nothing at that path or of that name, or no tokenizer in it.
        MissingPackageError: what reads a GGUF file is not installed.
    """
    path = Path(os.path.expanduser(name))
    if path.suffix == ".gguf" and path.is_file():
        _require("a tokenizer in a GGUF file needs a package that is not installed", {"gguf": "gguf"})
        # Many gigabytes of weights follow the tokenizer, which is named by what is loaded.
        return ModelFiles(name, path.parent, f"at {path.resolve()}", gguf=path.name)
    files = f"{' or '.join(_TOKENIZER_FILES[:2])}, or a .gguf file"
    folder = _named_folder("tokenizer", name, files, _TOKENIZER_PATTERNS)
    _check_tokenizer(folder)
    found = [folder / other for other in _TOKENIZER_FILES if (folder / other).is_file()]
    return ModelFiles(name, folder, HashedFiles(lambda: found).revision)


def tokenizer_key(files: ModelFiles) -> str:
    """Equal for models whose tokenizers load alike: the same files, and the same kind of model to choose a class by."""
    if files.gguf is not None:
        return files.revision
    folder = files.of_tokenizer().folder
    config = folder / "config.json"
    settings = read_settings(config) if config.is_file() else {}
    kind = {name: settings.get(name) for name in ("model_type", "tokenizer_class", "auto_map")}
    # Code that comes with a model is that of its own folder.
    code = str(folder.absolute()) if any(folder.glob("*.py")) else ""
    return json.dumps([HashedFiles(lambda: _tokenizer_files(folder)).revision, kind, code])


def _require(what: str, requirements: Mapping[str, str]) -> None:
    """Refuse to go on without packages, given as pip names them."""
    missing = [name for name in requirements if find_spec(name) is None]
    if missing:
        raise MissingPackageError(
            what,
            expected=" and ".join(requirements),
            got=f"no {' and no '.join(missing)}",
            hint=f"Run `pip install {shlex.join(requirements[name] for name in missing)}`.",
        )


def _looks_like_path(model: str) -> bool:
    return model.startswith((".", "/", "~")) or model.count("/") != 1 or model.endswith((".gguf", "/"))


def _nearest_parent(path: Path) -> str:
    parent = path.absolute().parent
    while not parent.exists():
        parent = parent.parent
    return f"the nearest folder that exists is {parent}"


def _local(reference: ModelReference, folder: Path) -> ModelFiles:
    if is_adapter(folder):
        raise _adapter_as_model(reference, folder)
    if not (folder / "config.json").is_file():
        raise ModelError(
            "the model folder has no configuration",
            where=str(folder),
            expected="config.json",
            got=", ".join(sorted(entry.name for entry in folder.iterdir())[:6]) or "an empty folder",
        )
    if not _weights(folder):
        unsafe = sorted(file.name for file in folder.iterdir() if file.suffix in (".bin", ".pt", ".pth"))
        raise ModelError(
            "the model folder has no safetensors weights",
            where=str(folder),
            expected="*.safetensors",
            got=f"{', '.join(unsafe)}, which can run code when loaded" if unsafe else "none",
            hint="Convert the weights with `save_pretrained`, which writes safetensors.",
        )
    _check_tokenizer(folder)
    hashed = HashedFiles(lambda: _deciding_files(folder))
    return ModelFiles(reference.model, folder, hashed.revision, hashed=hashed)


def _adapter_as_model(reference: ModelReference, folder: Path) -> ModelError:
    """Also where it lies beside a whole model: the library would load both if peft is installed, else one of them."""
    if (folder / "config.json").is_file():
        return ModelError(
            "this folder holds a model and an adapter, and which of them is meant cannot be told",
            where=str(folder),
            expected="one of them",
            got=f"config.json and {CONFIG}",
            hint=f"Move {CONFIG} and {WEIGHTS} into a folder of their own, to be named as `adapter`.",
        )
    base = trained_on(folder) or "MODEL"
    return ModelError(
        "this is an adapter, and no model without its base",
        where=str(folder),
        expected="a model's folder, or an adapter with its base",
        got=CONFIG,
        hint=f"Write `base={base},adapter={reference.model}`; in a TOML file `base` and `adapter` are two keys.",
    )


def _adapted(reference: ModelReference, name: str) -> ModelFiles:
    base = resolve(replace(reference, adapter=None))
    if base.gguf is not None:
        raise ModelError(
            "an adapter is not merged into a GGUF file",
            where=base.name,
            expected="a base with safetensors weights",
            got=base.gguf,
        )
    _require("an adapter needs a package that is not installed", {"peft": "peft>=0.21,<1"})
    folder = _named_folder("adapter", name, f"{CONFIG} and {WEIGHTS}", _ADAPTER_PATTERNS)
    return replace(base, adapter=open_adapter(name, folder, _tokenizer_files))


def _named_folder(what: str, name: str, files: str, patterns: list[str]) -> Path:
    """The folder of this name, or the cached files of a hub name with an optional `@revision`.

    Raises:
        ModelError: nothing at that path or of that name.
    """
    folder = Path(os.path.expanduser(name))
    if folder.is_dir():
        return folder
    if _looks_like_path(name) or folder.exists():
        raise ModelError(
            f"there is no {what} folder at this path",
            where=name,
            expected=f"a folder with {files}",
            got="a file" if folder.exists() else f"nothing ({_nearest_parent(folder)})",
            hint="Check the path; a hub name has the form `org/name`.",
        )
    model, _, revision = name.partition("@")
    return _snapshot(ModelReference(model, revision=revision or None), patterns)


def _weights(folder: Path) -> list[Path]:
    return sorted(file for pattern in _WEIGHT_PATTERNS for file in folder.glob(pattern))


def _deciding_files(folder: Path) -> list[Path]:
    """The files of a model that decide a number."""
    others = (folder / name for name in (*_TOKENIZER_FILES, *_OTHER_FILES))
    return [*_weights(folder), *_templates(folder), *(file for file in others if file.is_file())]


def _templates(folder: Path) -> list[Path]:
    return sorted(file for pattern in _TEMPLATE_PATTERNS for file in folder.glob(pattern))


def _tokenizer_files(folder: Path) -> list[Path]:
    """The files of a folder that decide how a text is cut and a prompt is made; none if it has no tokenizer."""
    if not _has_tokenizer(folder):
        return []
    others = (folder / name for name in (*_TOKENIZER_FILES, *TOKENIZER_SETTINGS, "merges.txt", "chat_template.json"))
    return [*_templates(folder), *(file for file in others if file.is_file())]


def _has_tokenizer(folder: Path) -> bool:
    return any((folder / name).is_file() for name in _TOKENIZER_FILES)


def _check_tokenizer(folder: Path) -> None:
    if not _has_tokenizer(folder):
        raise ModelError(
            "the model folder has no tokenizer",
            where=str(folder),
            expected=" or ".join(_TOKENIZER_FILES[:3]),
            got="none",
            hint="Save the tokenizer into the same folder with `tokenizer.save_pretrained`.",
        )


def _hub(reference: ModelReference) -> ModelFiles:
    folder = _snapshot(reference, _HUB_PATTERNS)
    checked = _local(reference, folder)
    # The hub's cache names a snapshot folder after its commit.
    return replace(checked, base_revision=folder.name) if folder.parent.name == "snapshots" else checked


def _snapshot(reference: ModelReference, patterns: list[str]) -> Path:
    """The folder of the local cache that holds these files of a hub model, fetched if need be."""
    # Imported here: the hub client is needed for hub names only.
    from huggingface_hub import constants, snapshot_download
    from huggingface_hub.errors import (
        GatedRepoError,
        HfHubHTTPError,
        HFValidationError,
        LocalEntryNotFoundError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    offline = constants.HF_HUB_OFFLINE or not _reachable(constants.ENDPOINT)
    where = reference.model if reference.revision is None else f"{reference.model}@{reference.revision}"
    try:
        snapshot = snapshot_download(
            reference.model,
            revision=reference.revision,
            allow_patterns=patterns,
            local_files_only=offline,
        )
    except LocalEntryNotFoundError as error:
        raise ModelError(
            "the model is neither a local folder nor in the local cache, and the hub cannot be reached",
            where=where,
            expected="a folder, or a hub name `org/name` with a connection",
            got="no such folder, no cached copy, no connection",
            hint="Check the spelling and the connection, or give the path of a downloaded folder.",
        ) from error
    except GatedRepoError as error:
        raise ModelError(
            "the hub asks for permission to use this model",
            where=where,
            hint="Accept its licence on its page and log in with `hf auth login`.",
        ) from error
    except (RepositoryNotFoundError, RevisionNotFoundError) as error:
        raise ModelError(
            "the hub has no such model or revision",
            where=where,
            expected="`org/name` with an optional `@revision`",
            hint="Check the spelling; a private model needs `hf auth login`.",
        ) from error
    except HFValidationError as error:
        raise ModelError(
            "this is neither a path nor a hub name",
            where=where[:100],
            expected="a folder, a .gguf file, or `org/name` with an optional `@revision`",
            hint="Check the spelling.",
        ) from error
    except (HfHubHTTPError, OSError) as error:
        raise ModelError("the hub could not deliver the model", where=where, got=str(error).splitlines()[0]) from error
    return Path(snapshot)


def _reachable(endpoint: str) -> bool:
    """Whether the hub's host answers at all. Without this its client retries for half a minute."""
    proxied = any(os.environ.get(name) for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"))
    if proxied:
        return True
    host = endpoint.split("://")[-1].split("/")[0]
    name, _, port = host.partition(":")
    try:
        socket.create_connection((name, int(port or 443)), timeout=_HUB_TIMEOUT_S).close()
    except OSError:
        return False
    return True
