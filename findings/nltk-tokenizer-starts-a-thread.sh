#!/bin/sh
# Importing NLTK's sentence tokenizer starts a thread, where scikit-learn, pandas and pyarrow happen to be installed.
#
# Versions: nltk 3.10.4, scikit-learn 1.9.1, pandas 3.1.1, pyarrow 26.0.1, on Linux.
# Guess: the Punkt tokenizer is pure Python and needs regular expressions only; importing it loads nothing else, and a
#   process that has done nothing more may fork.
# Behaviour: any part of nltk imports all of it, its classifiers try scikit-learn, that looks for pandas, and pandas
#   imports pyarrow, whose allocator starts a thread while it is loaded. A process that forks workers after importing
#   the tokenizer forks a process of several threads, and pays for four packages that it never calls. Whether it does
#   depends on what else is installed, so a test dependency can change how a program runs.
# Seen: 2 threads, and sklearn, pandas and pyarrow loaded; with scikit-learn hidden 1 thread and none of them.
# Fails if the import leaves one thread, or if it leaves several with scikit-learn hidden.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet "nltk==3.10.4" "scikit-learn==1.9.1" "pandas==3.1.1" "pyarrow==26.0.1"
cat >"$folder/threads.py" <<'PYTHON'
import os
import sys

if "hidden" in sys.argv:
    sys.modules["sklearn"] = None
from nltk.tokenize.punkt import PunktSentenceTokenizer

assert PunktSentenceTokenizer().tokenize("One is odd. Two is even.") == ["One is odd.", "Two is even."]
loaded = [name for name in ("sklearn", "pandas", "pyarrow") if sys.modules.get(name)]
print(len(os.listdir("/proc/self/task")), *loaded)
PYTHON
# The threads of numerical libraries are not meant: they start at the first use, or are switched off here.
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1
installed=$("$folder/venv/bin/python" "$folder/threads.py")
hidden=$("$folder/venv/bin/python" "$folder/threads.py" hidden)
echo "installed: $installed; hidden: $hidden"
[ "$installed" = "2 sklearn pandas pyarrow" ] && [ "$hidden" = "1" ] || { echo "this behaviour has changed"; exit 1; }
