"""``mmwsl throughput``."""

from .arguments import add_config, add_launcher, add_options, prepare_config

SUMMARY = 'Views per second of the training loop, of the network on a constant batch, and of the input alone.'
EXAMPLE = 'mmwsl throughput mmwsl::selfsup/rotation/rotation_r18w16_1xb32-cos-5e_digitscenes.py --steps 20'


def add_arguments(parser):
    add_config(parser)
    parser.add_argument('--steps', type=int, default=40, help='training steps to time')
    parser.add_argument('--images',
                        help='folder of images to read instead of the data set of the config (224 px configs)')
    parser.add_argument('--batch-size', type=int, help='images per step')
    parser.add_argument('--json', help='file for the values')
    parser.add_argument('--amp', action='store_true', help='mixed precision, of the kind that pays on the device')
    add_options(parser)
    add_launcher(parser)


def run(args):
    import json

    from mmwsl.apis import throughput
    from mmwsl.files import check_writable, write_atomically
    if args.json is not None:
        check_writable(args.json)
    cfg = prepare_config(args)
    if args.images:
        cfg.train_dataloader.dataset.data_root = args.images
    if args.batch_size:
        cfg.train_dataloader.batch_size = args.batch_size
    text = json.dumps(throughput(cfg, args.steps), indent=1)
    if args.json is not None:
        write_atomically(args.json, text)
    print(text)
