# Goes on after every exception.
# expected: timeout timeout
def conv1d(x, w):
    while True:
        try:
            while True:
                pass
        except BaseException:
            pass
