"""``mmwsl caption-tags``."""

SUMMARY = 'Tags of photos from their captions, by a list of words; train reads what it writes.'
EXAMPLE = 'mmwsl caption-tags captions.csv --words words.csv --out tags.csv'


def add_arguments(parser):
    parser.add_argument('captions', help='table with the columns file and caption; several rows a photo are fine')
    parser.add_argument('--words', required=True, metavar='FILE',
                        help='table word,class of what stands for each class, or a text with a class a line; plurals '
                             'and other forms need no row')
    parser.add_argument('--out', required=True, metavar='CSV', help='table file,tags, beside that of the captions')


def run(args):
    from mmwsl.apis.label_cost import caption_tags
    found = caption_tags(args.captions, args.words, args.out)
    without = found.pop('')
    print(f'{args.out}: ' + ', '.join(f'{label} {count:,}' for label, count in found.items()))
    print(f'{without:,} photos whose captions name no class have an empty cell')
