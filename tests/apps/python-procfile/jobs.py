import sys
import time


def main(task):
    print(f"{task}: nothing to do")
    while task == "work":
        time.sleep(60)


if __name__ == "__main__":
    main(sys.argv[1])
