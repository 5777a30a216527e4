"""``mmwsl masks``."""

SUMMARY = 'Make masks of the maps that mmwsl maps wrote, as a data set of photos and masks or as COCO JSON.'
EXAMPLE = 'mmwsl masks my_maps --out my_masks --threshold 0.25 --refiner par'


def add_arguments(parser):
    parser.add_argument('maps', help='folder that mmwsl maps wrote')
    parser.add_argument('--out', required=True, metavar='DIR', help='new folder for photos (links where possible) and '
                                                                     'masks; --data of train reads it')
    parser.add_argument('--form', choices=['masks', 'coco_json'], default='masks',
                        help='palette PNGs, or each region as an object (default: %(default)s)')
    parser.add_argument('--threshold', nargs='+', type=float, metavar='T',
                        help='score of the background, 0 to 1; of two, the lower first, what lies between them is void '
                             '(default: 0.25)')
    parser.add_argument('--power', nargs='+', type=float, metavar='P',
                        help='instead: (1 - largest map) to this power; of two, the higher first')
    parser.add_argument('--refiner', choices=['pamr', 'par', 'dense_crf'], help='follow the colors of the photo')


def run(args):
    from mmwsl.apis import pseudo_masks
    refiner = None if args.refiner is None else dict(type=args.refiner)
    done = pseudo_masks(args.maps, args.out, args.threshold, args.power, refiner, args.form)
    print(f'{args.out}: masks of {done["written"]} photos, {done["left_out"]} photos left out')
    for words, value in done['scores']:
        print(f'mIoU {value:.2f}: {words}')
