"""``mmwsl prepare``."""

SUMMARY = 'Bring a public data set into the form that mmwsl reads.'
EXAMPLE = 'mmwsl prepare cityscapes data/cityscapes'

SETS = {  # name: what is written, and the arguments with their meanings
    'cityscapes': ('class maps of the 19 classes that are scored, beside those of all ids',
                   dict(root='folder with gtFine/')),
    'voc_aug': ("VOC2012's class maps with those of SBD, and trainaug.txt",
                dict(voc='VOCdevkit/VOC2012', sbd="the folder 'dataset' of SBD's archive")),
    'coco_class_maps': ("class maps of COCO's instances",
                        dict(annotations='instances_train2014.json, ...', out='folder to make')),
    'imagenet_val': ("ImageNet's validation images in folders of their classes",
                     dict(images='folder of ILSVRC2012_val_*.JPEG', labels='lines of NAME CLASS',
                          out='folder to make')),
    'inaturalist': ("a list file of iNaturalist's JSON",
                    dict(annotations='train2018.json or val2018.json', out='list file to write')),
}


def add_arguments(parser):
    sets = parser.add_subparsers(dest='set', required=True)
    for name, (text, arguments) in SETS.items():
        each = sets.add_parser(name, help=text, description=text)
        for argument, meaning in arguments.items():
            each.add_argument(argument, help=meaning)


def run(args):
    from mmwsl.datasets import prepare
    if args.set == 'cityscapes':
        print(f'{prepare.cityscapes(args.root)} class maps')
    elif args.set == 'voc_aug':
        count = prepare.voc_augmented(args.voc, args.sbd)
        print(f'{count} photos in trainaug.txt (10,582 if both sets are complete)')
    elif args.set == 'coco_class_maps':
        print(f'{prepare.coco_class_maps(args.annotations, args.out):,} class maps')
    elif args.set == 'imagenet_val':
        print('{:,} images in {:,} classes'.format(*prepare.imagenet_val(args.images, args.labels, args.out)))
    else:
        print('{:,} images in {:,} classes'.format(*prepare.inaturalist(args.annotations, args.out)))
