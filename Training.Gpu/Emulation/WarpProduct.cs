using Orleans.Tbptt.Training.Gpu.Code;

namespace Orleans.Tbptt.Training.Gpu.Emulation;

/// <summary>
/// A product that the 32 threads of a warp compute together, each of which holds a part of both factors and of the sums: PTX's
/// <c>mma.m16n8k8</c> of TF32 and <c>mma.m16n8k16</c> of bfloat16. Every sum is one chain of fused multiply-adds in the order of the terms,
/// which a device's need not be.
/// </summary>
/// <remarks>
/// With lane = 4 · group + place a thread has, of 32-bit words along the terms (one number of TF32, or two of bfloat16): of the left factor
/// rows group and group + 8 of word place, then of word place + 4; of the right one column group of words place and place + 4; of the sums
/// columns 2 · place and 2 · place + 1 of row group, then of row group + 8.
/// </remarks>
internal sealed unsafe class WarpProduct
{
    /// <summary>Threads of a warp.</summary>
    public const int Threads = 32;

    private const int Rows = 16, Columns = 8, Words = 8, Places = 4;

    private readonly bool _isPair;
    private readonly int[] _left;
    private readonly int[] _right;
    private readonly int[] _sums;

    private WarpProduct(bool isPair, int[] left, int[] right, int[] sums) => (_isPair, _left, _right, _sums) = (isPair, left, right, sums);

    /// <summary>That of an instruction.</summary>
    /// <param name="one">The instruction.</param>
    /// <param name="kept">The registers that a thread keeps where it waits, in their order.</param>
    public static WarpProduct Of(Instruction one, IReadOnlyList<int> kept)
    {
        var places = kept.Select((register, place) => (register, place)).ToDictionary(pair => pair.register, pair => pair.place);
        return new(
            one.Operation == Operation.ProductBfloat16, PlacesOf(one.A, Instruction.LeftRegisters),
            PlacesOf(one.B, Instruction.RightRegisters), PlacesOf(one.Result, Instruction.SumRegisters));

        int[] PlacesOf(Operand first, int count) => [.. Enumerable.Range(0, count).Select(i => places[first.Next(i).Register])];
    }

    /// <summary>Computes it.</summary>
    /// <param name="registers">What the warp's threads keep, one thread after the other, 8 bytes each.</param>
    /// <param name="kept">How many registers a thread keeps.</param>
    public void Run(long* registers, int kept)
    {
        int each = _isPair ? 2 : 1, terms = Words * each;
        Span<float> left = stackalloc float[Rows * Words * 2], right = stackalloc float[Columns * Words * 2];
        for (int lane = 0; lane < Threads; lane++)
        {
            long* own = registers + (lane * kept);
            int group = lane / Places, place = lane % Places;
            for (int i = 0; i < _left.Length; i++)
                Spread((int*)(own + _left[i]), left[(((group + (i % 2 * 8)) * terms) + ((place + (i / 2 * Places)) * each))..]);
            for (int i = 0; i < _right.Length; i++)
                Spread((int*)(own + _right[i]), right[((group * terms) + ((place + (i * Places)) * each))..]);
        }

        for (int lane = 0; lane < Threads; lane++)
        {
            long* own = registers + (lane * kept);
            for (int i = 0; i < _sums.Length; i++)
            {
                int row = (lane / Places) + (i / 2 * 8), column = (lane % Places * 2) + (i % 2);
                float* sum = (float*)(own + _sums[i]);
                for (int term = 0; term < terms; term++)
                    *sum = EmulatedKernel.Fused(left[(row * terms) + term], right[(column * terms) + term], *sum);
            }
        }
    }

    private void Spread(int* register, Span<float> to)
    {
        for (int i = 0; i < (_isPair ? 2 : 1); i++)
            to[i] = TensorNumbers.Of(*register, _isPair, i);
    }
}
