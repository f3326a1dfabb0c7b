# Turns every call into nothing.
# expected: graded failed|error|missing
import ast


class Nothing(ast.NodeTransformer):
    def visit_Call(self, node):
        return ast.Constant(None)


def conv1d(x, w):
    return x


get_ipython().ast_transformers.append(Nothing())
