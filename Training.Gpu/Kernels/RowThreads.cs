using Orleans.Tbptt.Training.Gpu.Code;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Training.Gpu.Kernels;

/// <summary>
/// A thread where each row has as many of them as <see cref="FixedSum"/> has partial sums: it has every eighth number of its row.
/// </summary>
internal sealed class RowThreads
{
    /// <summary>Threads of a block.</summary>
    public const int Threads = 256;

    /// <summary>Rows of a block.</summary>
    public const int Rows = Threads / FixedSum.Width;

    private readonly KernelBuilder _k;
    private readonly Int _thread;
    private readonly Int _first;

    /// <summary>Of a kernel over so many rows.</summary>
    public RowThreads(KernelBuilder k, Int rows)
    {
        (_k, _thread) = (k, k.Thread);
        Part = _thread & (FixedSum.Width - 1);
        _first = _thread - Part;
        Row = (k.BlockX * Rows) + (_thread / FixedSum.Width);
        IsRow = Row < rows;
    }

    /// <summary>Which of its row's threads it is.</summary>
    public Int Part { get; }

    /// <summary>Its row.</summary>
    public Int Row { get; }

    /// <summary>Whether there is such a row.</summary>
    public Flag IsRow { get; }

    /// <summary>Executes a part for each of its columns, where a condition holds.</summary>
    public void Each(Flag condition, Int columns, Action<Int> body) =>
        _k.If(condition, () => _k.For(Part, columns, FixedSum.Width, body));

    /// <summary>Room for a number of each thread; behind a barrier its row's threads read what each of them has put there.</summary>
    public (Action<F32> Put, Func<int, F32> Of) Share()
    {
        var shared = _k.Share(Threads);
        return (value => shared.Store(_thread, value), i => shared[_first + i]);
    }

    /// <summary>The same of partial sums, which are added by the tree.</summary>
    public (Action<F64> Put, Func<F64> Sum) ShareSums()
    {
        var shared = _k.ShareDoubles(Threads);
        return (value => shared.Store(_thread, value), () => SumKernels.Tree(i => shared[_first + i]));
    }
}
