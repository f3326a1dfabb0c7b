# Replaces the text of every later cell.
# expected: graded failed|error|missing
def conv1d(x, w):
    return x


get_ipython().input_transformers_post.append(lambda lines: ["pass\n"])
