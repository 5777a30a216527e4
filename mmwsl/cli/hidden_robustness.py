"""``mmwsl hidden-robustness``."""

SUMMARY = 'Accuracy on test images of which a growing share is hidden, as values and curves.'
EXAMPLE = ('mmwsl hidden-robustness --of untrained '
           'mmwsl::weaksup/localization/cam/cam_r18w16_1xb64-cos-4e_digitscenes.py random --out work_dirs/hidden')


def add_arguments(parser):
    parser.add_argument('--of', nargs=3, action='append', required=True, metavar=('NAME', 'CONFIG', 'CHECKPOINT'),
                        help='a classifier or localizer; may be given several times')
    parser.add_argument('--out', required=True, help='folder of hidden_robustness.json and hidden_robustness.svg')
    parser.add_argument('--cell', type=int, default=8,
                        help="side of a cell in pixels of the first config's test images")
    parser.add_argument('--shares', type=float, nargs='+', default=[tenth / 10 for tenth in range(8)],
                        help='shares of the cells to hide, from 0 to 1')
    parser.add_argument('--seed', type=int, default=0, help='of the hidden cells')


def run(args):
    from mmwsl.apis import hidden_robustness
    from mmwsl.reporting.markdown import markdown_table
    result = hidden_robustness(args.of, args.out, args.cell, args.shares, args.seed)
    print(markdown_table(
        ['top-1 at hidden %', *(f'{100 * share:g}' for share in result['shares'])],
        [[model['name'], *(f'{value:.2f}' for value in model['top1'])] for model in result['models']]), end='')
    print(f'{args.out}: hidden_robustness.json, hidden_robustness.svg')
