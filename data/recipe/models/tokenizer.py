"""The tokenizer that all models share: byte-level BPE, numbers 0 to 30 one token each."""

from collections.abc import Iterable, Sequence

from tokenizers import Regex, Tokenizer
from tokenizers.decoders import ByteLevel as ByteLevelDecoder
from tokenizers.models import BPE
from tokenizers.pre_tokenizers import ByteLevel, Split
from tokenizers.pre_tokenizers import Sequence as PreTokenizerSequence
from tokenizers.trainers import BpeTrainer
from transformers import PreTrainedTokenizerFast

from data.recipe.corpus.documents import Document
from data.recipe.problems.tasks import LARGEST_NUMBER

USER, ASSISTANT, END, PAD = "<|user|>", "<|assistant|>", "<|end|>", "<|pad|>"
MAX_CONTEXT_TOKENS = 512

_CHAT_TEMPLATE = (
    "{% for message in messages %}"
    "{% if message['role'] == 'user' %}" + USER + "{{ message['content'] }}"
    "{% elif message['role'] == 'assistant' %}" + ASSISTANT + "{{ message['content'] }}" + END + "{% else %}"
    "{{ raise_exception('Only the roles user and assistant exist.') }}"
    "{% endif %}"
    "{% endfor %}"
    "{% if add_generation_prompt %}" + ASSISTANT + "{% endif %}"
)
# A number never shares a token with a word or a sign, so that each sum is a matter of whole numbers.
_PIECES = Regex(r"\n+| ?[0-9]+| ?[A-Za-z]+| ?[^\sA-Za-z0-9]+|\s+")
# Merges go by frequency. Lists of all numbers, more often than any word, make each number one token.
_N_NUMBER_LISTS = 2


def build_tokenizer(documents: Sequence[Document], vocabulary_size: int) -> PreTrainedTokenizerFast:
    """Trains the tokenizer.

    Args:
        documents: Questions and responses to learn merges from.
        vocabulary_size: Entries in all, including the 256 bytes and the 4 special tokens.
    """
    tokenizer = Tokenizer(BPE())
    tokenizer.pre_tokenizer = PreTokenizerSequence(
        [Split(_PIECES, behavior="isolated"), ByteLevel(add_prefix_space=False, use_regex=False)]
    )
    tokenizer.decoder = ByteLevelDecoder()
    trainer = BpeTrainer(
        vocab_size=vocabulary_size,
        special_tokens=[PAD, END, USER, ASSISTANT],
        initial_alphabet=ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(_training_texts(documents), trainer)
    return PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=tokenizer,
        pad_token=PAD,
        eos_token=END,
        additional_special_tokens=[USER, ASSISTANT],
        chat_template=_CHAT_TEMPLATE,
        clean_up_tokenization_spaces=False,
        model_max_length=MAX_CONTEXT_TOKENS,
    )


def _training_texts(documents: Sequence[Document]) -> Iterable[str]:
    for question, response in documents:
        yield question
        yield response
        for number in range(LARGEST_NUMBER + 1):
            yield from (f" {number}\n{number}",) * _N_NUMBER_LISTS


def prompt_text(tokenizer: PreTrainedTokenizerFast, question: str) -> str:
    """Renders a question as `<|user|>question<|assistant|>`."""
    rendered = tokenizer.apply_chat_template(
        [{"role": "user", "content": question}], add_generation_prompt=True, tokenize=False
    )
    assert isinstance(rendered, str)
    return rendered


def prompt_token_ids(tokenizer: PreTrainedTokenizerFast, question: str) -> list[int]:
    """Token ids of the rendered question, as every model of the triple sees it."""
    return list(tokenizer.encode(prompt_text(tokenizer, question), add_special_tokens=False))


def special_token_id(tokenizer: PreTrainedTokenizerFast, token: str) -> int:
    """The id of one of the special tokens."""
    return int(tokenizer.get_vocab()[token])
