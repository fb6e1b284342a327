using Orleans.Tbptt.Training.Gpu.Code;

namespace Orleans.Tbptt.Training.Gpu.Kernels;

/// <summary>The kernels of products, which have the same parameters and the same tile.</summary>
/// <param name="RowsByRows">Terms lie next to each other in both factors: rows times the transpose of rows.</param>
/// <param name="RowsByColumns">Rows times rows.</param>
/// <param name="ColumnsByColumns">The transpose of rows times rows.</param>
/// <param name="Threads">Threads of a block.</param>
internal sealed record Products(KernelCode RowsByRows, KernelCode RowsByColumns, KernelCode ColumnsByColumns, int Threads)
{
    /// <summary>All of them.</summary>
    public IReadOnlyList<KernelCode> All => [RowsByRows, RowsByColumns, ColumnsByColumns];
}

/// <summary>What a kernel of products is given.</summary>
internal sealed class ProductParameters
{
    private readonly KernelBuilder _k;
    private readonly Pointer _a;
    private readonly Pointer _aTerms;
    private readonly Int _aRow;
    private readonly Int _aStep;
    private readonly Pointer _b;
    private readonly Pointer _bTerms;
    private readonly Int _bStep;
    private readonly Int _bColumn;

    /// <summary>Declares them, in their order.</summary>
    public ProductParameters(KernelBuilder k)
    {
        _k = k;
        (_a, _aTerms, _aRow, _aStep) = (k.PointerParameter(), k.PointerParameter(), k.IntParameter(), k.IntParameter());
        (_b, _bTerms, _bStep, _bColumn) = (k.PointerParameter(), k.PointerParameter(), k.IntParameter(), k.IntParameter());
        (Init, InitRow, C, CRow) = (k.PointerParameter(), k.IntParameter(), k.PointerParameter(), k.IntParameter());
        (Rows, Columns, Depth) = (k.IntParameter(), k.IntParameter(), k.IntParameter());
    }

    /// <summary>What sums begin with, where there is something, and numbers from a row of it to the next one.</summary>
    public Pointer Init { get; }

    /// <inheritdoc cref="Init"/>
    public Int InitRow { get; }

    /// <summary>The results, and numbers from a row to the next one.</summary>
    public Pointer C { get; }

    /// <inheritdoc cref="C"/>
    public Int CRow { get; }

    /// <summary>Rows and columns of the results, and terms of each sum.</summary>
    public Int Rows { get; }

    /// <inheritdoc cref="Rows"/>
    public Int Columns { get; }

    /// <inheritdoc cref="Rows"/>
    public Int Depth { get; }

    /// <summary>A number of the left factor.</summary>
    public F32 A(Int row, Int term) => _a[(row * _aRow) + (Term(_aTerms, term) * _aStep)];

    /// <summary>A number of the right factor.</summary>
    public F32 B(Int column, Int term) => _b[(Term(_bTerms, term) * _bStep) + (column * _bColumn)];

    /// <summary>The row of a term, where terms are chosen rows.</summary>
    private Int Term(Pointer chosen, Int term)
    {
        var row = _k.Variable(term);
        _k.If(chosen.Exists, () => _k.Assign(row, chosen.IntAt(term)));
        return row;
    }
}
