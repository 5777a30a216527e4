"""Write the public weights of BigGAN, two files, as one checkpoint that configs/generative/biggan can be run with.

    python tools/model_converters/biggan.py G_ema_256.pth D_256.pth biggan_256.pth
    mmwsl restore photo.png --task colorization --label 207 --checkpoint biggan_256.pth --out restored.png \
        --config mmwsl::generative/biggan/biggan_g96_8xb256-const-224e_imagenet.py \
        --cfg-options model.generator.noise_dims=119
"""

import argparse
import io

import torch

from mmwsl.checkpoints import read_checkpoint
from mmwsl.checkpoints.biggan import from_biggan_files
from mmwsl.checkpoints.names import find_tensors, without_wrappers
from mmwsl.files import check_writable, write_atomically


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('generator', help="the averaged generator's file, G_ema.pth")
    parser.add_argument('discriminator', help="the discriminator's file, D.pth")
    parser.add_argument('out', help='checkpoint to write')
    args = parser.parse_args(arguments)
    path = check_writable(args.out)
    states = [without_wrappers(find_tensors(read_checkpoint(each))) for each in (args.generator, args.discriminator)]
    state = from_biggan_files(*states)
    file = io.BytesIO()
    torch.save(dict(state_dict=state, meta={}), file)
    write_atomically(path, file.getvalue())
    made = [len(value) for key, value in state.items() if key == 'generator.linear.bias']
    print(f'{path}: {len(state)} tensors, first map of {made[0] // 16} channels')


if __name__ == '__main__':
    main()
