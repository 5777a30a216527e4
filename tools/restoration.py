"""What a trained generator is worth as a prior: PSNR of held-out images, restored, against what needs no generator.

    python tools/restoration.py mmwsl::generative/infogan/infogan_g16_1xb32-const-16e_factorscenes.py epoch_16.pth \
        --out docs/results/generative/restoration.jsonl --picture restoration.png
"""

import argparse

import torch

from mmwsl.apis.generation import measure_restoration
from mmwsl.apis.generation.restoration import BASELINES
from mmwsl.cli.arguments import add_options, read_options


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('config', help='of a generative model, with a test set')
    parser.add_argument('checkpoint', help="its weights, or 'random'")
    parser.add_argument('--out', metavar='FILE', help='records, JSON lines, to append to')
    parser.add_argument('--picture', metavar='FILE', help='picture to write, .png or .jpg')
    parser.add_argument('--images', type=int, default=16, metavar='N', help='of the test set (default: %(default)s)')
    parser.add_argument('--tasks', nargs='+', choices=list(BASELINES), default=list(BASELINES))
    parser.add_argument('--candidates', type=int, default=500, metavar='N',
                        help='codes that a search begins with (default: %(default)s)')
    parser.add_argument('--seed', type=int, default=0, help='of these codes (default: %(default)s)')
    parser.add_argument('--method', help="name for the records (default: the model's class)")
    parser.add_argument('--device', help='where the network runs, e.g. cpu or cuda:1 (default: a GPU if there is one)')
    add_options(parser)
    args = parser.parse_args(arguments)
    torch.set_num_threads(1)  # images are small, and more threads wait for each other
    values = measure_restoration(args.config, args.checkpoint, args.out, args.picture, args.images, args.tasks,
                                 args.seed, args.method, read_options(args.cfg_options), args.device,
                                 candidates=args.candidates)
    for name, value in values.items():
        print(f'{name} {value:.2f}')


if __name__ == '__main__':
    main()
