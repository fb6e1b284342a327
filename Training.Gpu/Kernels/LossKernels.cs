using Orleans.Tbptt.Training.Fused.Losses;
using Orleans.Tbptt.Training.Fused.Simd;
using Orleans.Tbptt.Training.Gpu.Code;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Training.Gpu.Kernels;

/// <summary>
/// Losses: the gradient takes the outputs' place, and what each element, or each row, adds to the loss is kept, for
/// <see cref="SumKernels"/>.
/// </summary>
internal static unsafe class LossKernels
{
    /// <summary>Threads of a block.</summary>
    public const int Threads = 256;

    /// <summary>A loss of values: one thread for each element, with the loss's own code, traced.</summary>
    public static KernelCode OfElements(ElementwiseLoss loss) => KernelBuilder.Build($"loss_{loss.Word}", Threads, k =>
    {
        var (outputs, targets, terms) = (k.PointerParameter(), k.PointerParameter(), k.PointerParameter());
        var (isMasked, count) = (k.IntParameter(), k.IntParameter());
        var at = (k.BlockX * Threads) + k.Thread;
        k.If(at < count, () =>
        {
            loss.Element<F32>(k.Trace(outputs.At(at)), k.Trace(targets.At(at)), k.Trace(terms.At(at)));
            k.EndTraces();
            k.If(isMasked.Is(1), () =>
            {
                var counts = F32.IsNumber(targets[at]);
                outputs.Store(at, F32.Choose(counts, outputs[at], 0f));
                terms.Store(at, F32.Choose(counts, terms[at], 0f));
            });
        });
    });

    /// <summary>
    /// The cross-entropy of rows with their classes, as <see cref="CrossEntropy"/> has it. A thread has every eighth output of a row, which
    /// is a partial sum of <see cref="FixedSum"/>.
    /// </summary>
    public static KernelCode OfClasses(CrossEntropy loss, int classes) => KernelBuilder.Build($"loss_{loss.Word}_{classes}", Threads, k =>
    {
        var (outputs, targets, losses, weights) = (k.PointerParameter(), k.PointerParameter(), k.PointerParameter(), k.PointerParameter());
        var rows = k.IntParameter();
        var threads = new RowThreads(k, rows);
        var (best, sums, means) = (threads.Share(), threads.ShareSums(), threads.ShareSums());
        var row = threads.Row;
        var isWeighted = loss.ClassWeights.Count > 0;
        double spread = loss.LabelSmoothing / classes, kept = 1 - loss.LabelSmoothing;
        var (at, target) = (k.Variable((Int)0), k.Variable((Int)(-1)));
        k.If(threads.IsRow, () => k.Assign(target, targets.IntAt(row)));
        k.If(threads.IsRow, () => k.Assign(at, row * classes));
        var counts = target >= 0;

        // What needs the outputs before their exponentials take their place.
        F64 wanted = k.DoubleVariable(0.0), all = k.DoubleVariable(0.0), own = k.DoubleVariable(0.0), sum = k.DoubleVariable(0.0);
        var most = k.Variable(float.NegativeInfinity);
        k.If(counts, () =>
        {
            k.Assign(wanted, F64.Of(outputs[at + target]));
            if (isWeighted)
                Weigh();
        });
        threads.Each(counts, classes, i =>
        {
            var value = outputs[at + i];
            k.Assign(most, F32.Choose(most < value, value, most));
            if (loss.LabelSmoothing > 0 && !isWeighted)
                k.Assign(sum, sum + F64.Of(value));
        });
        best.Put(most);
        means.Put(sum);
        k.Barrier();
        var largest = best.Of(0);
        for (int i = 1; i < FixedSum.Width; i++)
        {
            var other = best.Of(i);
            largest = F32.Choose(largest < other, other, largest);
        }

        k.Assign(sum, 0.0);
        threads.Each(counts, classes, i =>
        {
            var power = Activation.Exp(outputs[at + i] - largest);
            outputs.Store(at + i, power);
            k.Assign(sum, sum + F64.Of(power));
        });
        sums.Put(sum);
        k.Barrier();
        var total = sums.Sum();
        threads.Each(counts, classes, i => Gradient(outputs.At(at + i), i));
        threads.Each(threads.IsRow & (target < 0), classes, i => outputs.Store(at + i, F32.Of(0)));
        k.If(threads.IsRow & threads.Part.Is(0), () =>
        {
            k.If(target < 0, () => losses.Store(row, (F64)0.0));
            k.If(counts, () => losses.Store(row, Loss()));
        });

        // Of the wanted distribution each class has its share, times its weight.
        void Weigh()
        {
            k.Assign(own, (F64)kept * weights.DoubleAt(target));
            k.Assign(all, own);
            k.Assign(wanted, own * wanted);
            if (spread == 0)
                return;
            k.For(0, classes, 1, i =>
            {
                var share = (F64)spread * weights.DoubleAt(i);
                k.Assign(all, all + share);
                k.Assign(wanted, wanted + (share * F64.Of(outputs[at + i])));
            });
        }

        void Gradient(Pointer place, Int one)
        {
            var power = place[0];
            if (isWeighted)
            {
                var share = ((all / total) * F64.Of(power)) - ((F64)spread * weights.DoubleAt(one));
                place.Store(0, (share - F64.Choose(one.Is(target), own, 0.0)).Rounded);
                return;
            }

            var value = k.Variable(power * ((F64)1.0 / total).Rounded);
            if (spread > 0)
                k.Assign(value, value - (float)spread);
            k.If(one.Is(target), () => k.Assign(value, value - (float)kept));
            place.Store(0, value);
        }

        F64 Loss()
        {
            var shift = Logarithm.Of(total) + F64.Of(largest);
            if (isWeighted || loss.LabelSmoothing == 0)
                return (isWeighted ? all * shift : shift) - wanted;
            var mean = means.Sum() / (double)classes;
            return shift - ((F64)kept * wanted) - ((F64)loss.LabelSmoothing * mean);
        }
    });
}
