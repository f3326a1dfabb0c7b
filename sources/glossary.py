# %% [markdown]
r"""
# Notation and glossary

The same letter means the same thing in every lecture and assignment, and so does the same word. Each word leads to the
lecture that explains it.

## Notation

| symbol | what it is | shape, range or value |
|---|---|---|
| $N$ | images in a batch | |
| $C$, $C_{\text{in}}$, $C_{\text{out}}$; $K$ | channels; of a layer's input and output; its kernels | $K = C_{\text{out}}$ |
| $H$, $W$; $L$; $D$ | height and width of an image; length of a signal; depth of a volume | |
| $x$ | input of a layer | $(N, C, H, W)$ |
| $w$ | kernels, or weights | $(C_{\text{out}}, C_{\text{in}}, k_h, k_w)$ |
| $b$ | biases | $(C_{\text{out}},)$ |
| $y$ | output of a layer | $(N, C_{\text{out}}, H', W')$ |
| $k$, $s$, $p$, $d$ | size of the kernel, stride, padding on each side, dilation | $k, s, d \ge 1$, $p \ge 0$ |
| $H'$ | height of the output; its width $W'$ likewise | $\lfloor (H + 2p - d(k-1) - 1)/s \rfloor + 1$ |
| $\partial L$, `dy`, `dx`, `dw`, `db` | of the loss $L$: its derivatives by $y$, $x$, $w$, $b$ | those of $y$, $x$, $w$, $b$ |
| $\mu$, $\sigma^2$, $\gamma$, $\beta$, $\varepsilon$ | mean, variance, scale, shift, small constant of batch norm | $(C,)$ |
| $\eta$ | learning rate | $> 0$ |

Images are laid out as (N, C, H, W), classes are counted from 0, and $\star$ slides a kernel as it is, while $*$ flips it first.

Some letters depart from the table, where a formula is closer to its source. In one dimension, in lectures 02 and 05, a signal
has $m$ values and a kernel $n$ weights. In lecture 03 a picture has $H$ rows and $B$ columns, a kernel $h$ and $b$. As
indices, $n$, $k$ and $c$ number images, kernels and channels.
"""

# %% [markdown]
r"""
## Glossary

### activation maximisation

Changing a picture by gradient ascent until a channel answers strongly. [Lecture 12](lectures/12_what_cnns_see.ipynb)

### aliasing

What goes wrong when fine detail is sampled too coarsely: it comes back as something else. [Lecture
06](lectures/06_pooling.ipynb)

### augmentation

Changing training images in ways that keep their label. [Lecture 10](lectures/10_augmentation.ipynb)

### backbone

A trained network without its last layer; also its body. [Lecture 11](lectures/11_transfer_learning.ipynb)

### backward pass

From the upstream gradient to the derivatives by input and weights, layer after layer, from the loss back. [Lecture
05](lectures/05_backward_pass.ipynb)

### batch

The images that are worked on at once; also mini-batch. [Lecture 08](lectures/08_training_a_cnn.ipynb)

### batch normalisation

Subtract the mean of a channel over the batch, divide by its deviation, then scale and shift (Ioffe and Szegedy 2015).
[Lecture 07](lectures/07_batch_norm.ipynb)

### bias

A number added to every output of a channel. [Lecture 04](lectures/04_convolution_layer.ipynb)

### blur pooling

Blur, then take every second value (Zhang 2019). [Lecture 06](lectures/06_pooling.ipynb)

### bottleneck

A 1×1 convolution to few channels, the 3×3 there, a 1×1 back. [Lecture 09](lectures/09_lenet_to_resnet.ipynb)

### causal convolution

No output depends on a later input: all padding is on the left. [Lecture 14](lectures/14_beyond_images.ipynb)

### channel

One of the planes of an image or of a layer's output: red, green, blue; or what one kernel has found. [Lecture
01](lectures/01_why_convolution.ipynb)

### checkerboard

The pattern that a transposed convolution leaves where its windows overlap unevenly. [Lecture
13](lectures/13_segmentation_unet.ipynb)

### computation graph

The operations of a forward pass as a drawing: what was computed from what. [Lecture 05](lectures/05_backward_pass.ipynb)

### convolution

In mathematics: slide the flipped kernel. In this field's everyday language: any sliding dot product, as a layer computes
it. [Lecture 02](lectures/02_convolution_1d.ipynb)

### convolution theorem

The Fourier transform turns convolution into a product. [Lecture 02](lectures/02_convolution_1d.ipynb)

### cross-correlation

Slide a kernel as it is: $y_i = \sum_k x_{i+k} w_k$. Frameworks call this convolution. [Lecture
02](lectures/02_convolution_1d.ipynb)

### cross-entropy

Minus the logarithm of the probability that a model gives to the right class. [Lecture 08](lectures/08_training_a_cnn.ipynb)

### cutmix

A rectangle of one image is put into another; the label is shared by area. [Lecture 10](lectures/10_augmentation.ipynb)

### cutout

A square of the image is blanked. [Lecture 10](lectures/10_augmentation.ipynb)

### depthwise-separable convolution

A convolution for each channel alone, then one of 1×1 that mixes the channels. [Lecture
04](lectures/04_convolution_layer.ipynb)

### dice coefficient

Twice the pixels in both masks over the sum of their sizes. [Lecture 13](lectures/13_segmentation_unet.ipynb)

### dilation

The distance between neighbouring taps of a kernel. [Lecture 04](lectures/04_convolution_layer.ipynb)

### dropout

Setting a random part of the activations to zero in training. [Lecture 08](lectures/08_training_a_cnn.ipynb)

### early stopping

Keeping the weights of the best validation epoch. [Lecture 08](lectures/08_training_a_cnn.ipynb)

### effective receptive field

The part of the receptive field that matters in fact; measured by gradients. [Lecture 12](lectures/12_what_cnns_see.ipynb)

### epoch

Once through all training images. [Lecture 08](lectures/08_training_a_cnn.ipynb)

### evaluation mode

How a network computes when it is used, not trained: running statistics, no dropout. `model.eval()` switches to it. [Lecture
07](lectures/07_batch_norm.ipynb)

### feature

A number that says how much of something is in the input. It may be made by hand or learned. [Lecture
01](lectures/01_why_convolution.ipynb)

### feature extraction

The backbone stays as it is; only the head is trained. [Lecture 11](lectures/11_transfer_learning.ipynb)

### feature map

What one kernel makes of the whole input: one channel of the output; also activation map. [Lecture
04](lectures/04_convolution_layer.ipynb)

### fine-tuning

The backbone is trained on, mostly with a smaller learning rate. [Lecture 11](lectures/11_transfer_learning.ipynb)

### global average pooling

The mean of each whole channel. [Lecture 06](lectures/06_pooling.ipynb)

### grad-cam

Where a layer's maps speak for a class: the maps, weighted with the mean of their gradients, and what is negative cut off.
[Lecture 12](lectures/12_what_cnns_see.ipynb)

### gradient check

A derivative held against a central difference, $(f(x+h) - f(x-h)) / 2h$, in float64. [Lecture
05](lectures/05_backward_pass.ipynb)

### gradient magnitude

How steep an image is at a pixel: the root of the squared changes along both axes. [Lecture
03](lectures/03_convolution_2d.ipynb)

### groups

Parts into which the channels are divided, each with kernels of its own. [Lecture 04](lectures/04_convolution_layer.ipynb)

### head

The last layers, which are made anew for the task. [Lecture 11](lectures/11_transfer_learning.ipynb)

### im2col

Lay every window out as a column, so that a convolution becomes one matrix product. [Lecture
03](lectures/03_convolution_2d.ipynb)

### inception block

Kernels of several sizes side by side, their outputs stacked as channels. [Lecture 09](lectures/09_lenet_to_resnet.ipynb)

### intersection over union

The pixels in both masks over those in either; IoU. [Lecture 13](lectures/13_segmentation_unet.ipynb)

### kernel

The small array of weights that slides over the input; also called filter. [Lecture 02](lectures/02_convolution_1d.ipynb)

### layer and group normalisation

The same with statistics of one sample: over all its channels, or groups of them. [Lecture 07](lectures/07_batch_norm.ipynb)

### learning rate

The factor between gradient and step. [Lecture 08](lectures/08_training_a_cnn.ipynb)

### local connectivity

Each output depends on a small window of the input only. [Lecture 01](lectures/01_why_convolution.ipynb)

### logit

A score before softmax; any real number. [Lecture 08](lectures/08_training_a_cnn.ipynb)

### mask

The label of a segmentation: an image whose values are classes. [Lecture 13](lectures/13_segmentation_unet.ipynb)

### mixed precision

Computing in 16 bits where that suffices, in 32 where it does not. [Lecture 08](lectures/08_training_a_cnn.ipynb)

### mixup

Two images and their labels are averaged. [Lecture 10](lectures/10_augmentation.ipynb)

### momentum

A moving average of past steps, added to the next. [Lecture 08](lectures/08_training_a_cnn.ipynb)

### motif

A short pattern in a sequence, given as weights for each letter and place. [Lecture 14](lectures/14_beyond_images.ipynb)

### multiply-accumulate

A product added to a sum, the unit in which the work of a layer is counted; MAC for short. [Lecture
04](lectures/04_convolution_layer.ipynb)

### occlusion map

How much the score falls when a square of the image is covered, for each place of the square. [Lecture
12](lectures/12_what_cnns_see.ipynb)

### one-hot encoding

A row for each symbol, 1 where it stands and 0 elsewhere. [Lecture 14](lectures/14_beyond_images.ipynb)

### overfitting

Getting better on the training images while getting worse on others. [Lecture 08](lectures/08_training_a_cnn.ipynb)

### padding

Values added around the input so that windows fit at its border: zeros, the repeated edge, or a reflection. [Lecture
02](lectures/02_convolution_1d.ipynb)

### padding modes

How far the kernel may reach over the border. *Valid*: not at all. *Same*: until the output is as large as the input.
*Full*: as long as a single value is under it. [Lecture 03](lectures/03_convolution_2d.ipynb)

### parameter

A number that training changes: a weight or a bias. [Lecture 01](lectures/01_why_convolution.ipynb)

### pointwise convolution

A convolution of 1×1: it mixes channels at one place. [Lecture 09](lectures/09_lenet_to_resnet.ipynb)

### pooling

One number for each window, such as its maximum or its mean, channel by channel. [Lecture 06](lectures/06_pooling.ipynb)

### receptive field

The part of the input on which one output depends. [Lecture 04](lectures/04_convolution_layer.ipynb)

### residual block

A block that adds what it computes to its input: $x + F(x)$. [Lecture 09](lectures/09_lenet_to_resnet.ipynb)

### running statistics

Moving averages of mean and variance, which take the batch's place in evaluation. [Lecture 07](lectures/07_batch_norm.ipynb)

### saliency

How much the score changes with each pixel: the size of its derivative. [Lecture 12](lectures/12_what_cnns_see.ipynb)

### semantic segmentation

A class for every pixel. [Lecture 13](lectures/13_segmentation_unet.ipynb)

### separable kernel

A kernel that is a column times a row: two passes in one dimension do its work. [Lecture
03](lectures/03_convolution_2d.ipynb)

### skip connection

A way around some layers: what is there is kept, to be added or stacked later; in a residual block also
shortcut. [Lecture 13](lectures/13_segmentation_unet.ipynb)

### softmax

Scores to positive numbers that add up to 1. [Lecture 08](lectures/08_training_a_cnn.ipynb)

### stride

How many places the window moves from one output to the next. [Lecture 04](lectures/04_convolution_layer.ipynb)

### tensor

An array with any number of dimensions. A grey image $(1, H, W)$ has three of them. [Lecture
01](lectures/01_why_convolution.ipynb)

### test-time augmentation

Averaging the predictions for several versions of an image. [Lecture 10](lectures/10_augmentation.ipynb)

### toeplitz matrix

A matrix that is constant along each diagonal. Convolution in one dimension is a product with one. [Lecture
02](lectures/02_convolution_1d.ipynb)

### top-5 error

How often the right class is not among a model's five best guesses. [Lecture 09](lectures/09_lenet_to_resnet.ipynb)

### transfer learning

Starting from weights that another, larger data set has made. [Lecture 11](lectures/11_transfer_learning.ipynb)

### translation equivariance

Shift the input, and the output shifts with it. Convolution has it, away from borders. [Lecture
01](lectures/01_why_convolution.ipynb)

### translation invariance

Shift the input, and the output stays the same. Convolution alone does not have it. [Lecture
01](lectures/01_why_convolution.ipynb)

### transposed convolution

Multiplication by the transpose of a convolution's matrix. It enlarges, and it is no inverse. [Lecture
04](lectures/04_convolution_layer.ipynb)

### u-net

A network that goes down to coarse maps and up again, with skip connections between equal sizes (Ronneberger et al. 2015).
[Lecture 13](lectures/13_segmentation_unet.ipynb)

### upsampling

Making a map larger, by repeating or interpolating its values. [Lecture 13](lectures/13_segmentation_unet.ipynb)

### upstream gradient

The derivative of the loss by a layer's output, which the backward pass is given; `dy` in the code. [Lecture
05](lectures/05_backward_pass.ipynb)

### validation set

Images held back to choose by. The test set is looked at once, in the end. [Lecture 08](lectures/08_training_a_cnn.ipynb)

### volume

An image with three directions in space, as a scanner makes it. [Lecture 14](lectures/14_beyond_images.ipynb)

### weight decay

Pulling every weight a little towards zero at each step. [Lecture 08](lectures/08_training_a_cnn.ipynb)

### weight sharing

The same weights are used at every place. [Lecture 01](lectures/01_why_convolution.ipynb)
"""
