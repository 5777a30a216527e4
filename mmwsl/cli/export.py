"""``mmwsl export``."""

SUMMARY = 'Write a trained network for torchvision, timm, Hugging Face, detectron2 or ONNX, and check it.'
EXAMPLE = 'mmwsl export work_dirs/simclr/epoch_100.pth backbone.pth --to timm'


def add_arguments(parser):
    parser.add_argument('checkpoint', help='of mmwsl or another project, or pretrained:NAME; it stays as it is')
    parser.add_argument('out', help='file to write: .pth, .safetensors, .onnx, or .pkl for detectron2; for huggingface '
                                    'a folder')
    parser.add_argument('--to', required=True, metavar='LIBRARY',
                        help='torchvision, timm, huggingface, onnx, detectron2, mmdet, mmwsl')
    parser.add_argument('--config', help='of its training; default: what the checkpoint keeps of it')
    parser.add_argument('--image-size', nargs='+', type=int, metavar='N',
                        help='for onnx: side, or height and width, of the images; default: that of the config\'s test')
    parser.add_argument('--normalize', action='store_true',
                        help='for onnx: the network takes images in [0, 1] and normalizes them itself')
    parser.add_argument('--trust', action='store_true', help='load Python objects too, which runs code from the file')


def run(args):
    from mmwsl.apis import export
    print(export(args.checkpoint, args.out, args.to, args.config, args.image_size, args.normalize, args.trust))
