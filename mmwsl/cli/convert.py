"""``mmwsl convert``."""

SUMMARY = "Write a checkpoint's backbone under another project's names, or ours."
EXAMPLE = 'mmwsl convert work_dirs/rotation/epoch_1.pth backbone.pth --to torchvision'


def add_arguments(parser):
    parser.add_argument('checkpoint', help='of mmwsl, OpenSelfSup, MMSelfSup, MoCo, SimSiam, DINO, solo-learn, VISSL, '
                                           'torchvision, timm, mmdet, detectron2, ...')
    parser.add_argument('out', help='file to write: .pth, or .pkl for detectron2')
    parser.add_argument('--to', default='mmwsl', help='names: mmwsl (default), torchvision, timm, mmdet, detectron2')
    parser.add_argument('--trust', action='store_true', help='load Python objects too, which runs code from the file')


def run(args):
    from mmwsl.apis import convert
    print(convert(args.checkpoint, args.out, args.to, args.trust))
