"""``mmwsl decompose-set``."""

SUMMARY = "Take every scene of a config's training set apart, so that training can compose new ones of the parts."
EXAMPLE = ('mmwsl decompose-set mmwsl::supervised/instances/mask_rcnn_r18w16_1xb8-cos-45e_digitscenes.py '
           '--shapes PCNET_M.py epoch_8.pth --content PCNET_C.py epoch_8.pth --out data/digit_scenes_apart')


def add_arguments(parser):
    parser.add_argument('config', help='config, or mmwsl::NAME, whose training set is a Recomposed; the set within it '
                                       'is taken apart')
    parser.add_argument('--shapes', nargs=2, required=True, metavar=('CONFIG', 'CHECKPOINT'),
                        help='network of order and whole shapes (PCNetM)')
    parser.add_argument('--content', nargs=2, metavar=('CONFIG', 'CHECKPOINT'),
                        help="network of hidden pixels (PCNetC); default: OpenCV's in-painting")
    parser.add_argument('--grow', type=int, default=1,
                        help='pixels around the masks that are no background either (default: %(default)s)')
    parser.add_argument('--background', choices=['network', 'opencv'], default='network',
                        help="what paints the background: the network of hidden pixels, or OpenCV's in-painting "
                             '(default: %(default)s)')
    parser.add_argument('--out', metavar='DIR', help="folder for the scenes; default: the config's `scenes`")


def run(args):
    from mmwsl.apis.scenes import decompose_dataset, recomposed_scenes
    dataset, out = recomposed_scenes(args.config)
    out = args.out or out
    if out is None:
        raise ValueError(f'{args.config} names no folder of scenes; give --out DIR, and train with '
                         'train_dataloader.dataset.scenes=DIR')
    count = decompose_dataset(dataset, out, tuple(args.shapes), tuple(args.content) if args.content else None,
                              args.grow, background=args.background)
    print(f'{out}: {count} scenes; train with --cfg-options train_dataloader.dataset.scenes={out} '
          'train_dataloader.dataset.prob=0.5')
