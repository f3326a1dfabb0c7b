# %% [markdown]
r"""
# Convolutional neural networks

Each topic has a lecture to read and run, and an assignment to solve. Start at the top.

<!-- course map -->

**How to work.** Open a notebook by its link. Run a cell with Shift+Enter, then change it and run it again: nothing can
break. In an assignment, replace `raise NotImplementedError()` by your answer, run the cell, then run the test cell below
it. It says whether the answer is right, and if not, what is wrong with it.

**A word or a letter** that you have forgotten stands in the [glossary](glossary.ipynb).

**When something is missing**, open a terminal (File → New → Terminal) and run `cnnkit doctor`.

**How far you are.** The cell below shows which exercises are passed, from your notebooks as you last saved them. Run it
whenever you come back.
"""

# %%
from cnnkit import progress

progress.show()
