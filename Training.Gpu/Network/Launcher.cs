using Orleans.Tbptt.Training.Gpu.Code;
using Orleans.Tbptt.Training.Gpu.Devices;
using Orleans.Tbptt.Training.Gpu.Kernels;

namespace Orleans.Tbptt.Training.Gpu.Network;

/// <summary>Rows of numbers on a device.</summary>
/// <param name="Start">The first number of the first row.</param>
/// <param name="Stride">Numbers from a row to the next one.</param>
internal readonly record struct DeviceRows(nint Start, int Stride)
{
    /// <summary>The rows from one on.</summary>
    public DeviceRows From(int row) => this with { Start = Start + (nint)((long)row * Stride * sizeof(float)) };

    /// <summary>The same rows without their first numbers.</summary>
    public DeviceRows Without(int columns) => this with { Start = Start + (columns * sizeof(float)) };
}

/// <summary>A weight on a device, or some of its columns.</summary>
/// <param name="Start">Its first number.</param>
/// <param name="Outputs">Its rows.</param>
/// <param name="Inputs">Its columns.</param>
/// <param name="Stride">Numbers from a row to the next one.</param>
internal readonly record struct DeviceWeight(nint Start, int Outputs, int Inputs, int Stride);

/// <summary>Launches the kernels that every network needs.</summary>
/// <param name="commands">Takes the launches.</param>
/// <param name="cores">Which products tensor cores compute; none where it is left out.</param>
internal sealed class Launcher(ICommands commands, TensorCores? cores = null)
{
    /// <summary>The branch of what the way forward and the way back do not wait for.</summary>
    private const int AsideBranch = 1;

    private readonly SortedSet<int> _open = [];
    private int _branch;

    /// <summary>The branch on which a layer of a wave may run, by its place in the wave; the first one's is that of all else.</summary>
    public static int BranchOf(int place) => place == 0 ? 0 : AsideBranch + place;

    /// <summary>Begins a list: everything is in order.</summary>
    public void Begin()
    {
        _open.Clear();
        _branch = 0;
    }

    /// <summary>Has what follows run on a branch, behind all that was given on another one so far.</summary>
    public void Continue(int branch, int behind)
    {
        if (branch != behind)
        {
            commands.Join(behind, branch);
            _open.Add(branch);
        }

        commands.Branch(_branch = branch);
    }

    /// <summary>Has something run behind all that was given on the branch so far, but nothing wait for it before the list's end.</summary>
    public void Aside(Action action)
    {
        int here = _branch;
        Continue(AsideBranch, behind: here);
        action();
        commands.Branch(_branch = here);
    }

    /// <summary>Has what follows run behind all that was given.</summary>
    public void Join()
    {
        commands.Branch(_branch = 0);
        foreach (int branch in _open)
        {
            if (branch != 0)
                commands.Join(branch, 0);
        }

        _open.Clear();
    }

    /// <summary>Copies numbers that lie one after another.</summary>
    public void Move(nint from, nint to, long numbers) => commands.Copy(from, to, numbers * sizeof(float));

    /// <summary>Sets numbers to 0.</summary>
    public void Clear(nint address, long numbers) => commands.Clear(address, numbers * sizeof(float));

    /// <summary>Launches a kernel.</summary>
    public void Launch(KernelCode kernel, int x, int y, int threads, params ReadOnlySpan<Argument> arguments) =>
        commands.Launch(kernel, x, y, threads, arguments);

    /// <summary>outputs = init + inputs · weightᵀ.</summary>
    public void Forward(DeviceRows inputs, DeviceWeight weight, nint init, int initRow, DeviceRows outputs, int rows) => Product(
        Of(weight), static products => products.RowsByRows, rows, weight.Outputs,
        inputs.Start, (nint)0, inputs.Stride, 1, weight.Start, (nint)0, 1, weight.Stride, init, initRow, outputs.Start, outputs.Stride,
        rows, weight.Outputs, weight.Inputs);

    /// <summary>inputGradient = outputGradient · weight.</summary>
    public void Backward(DeviceRows outputGradient, DeviceWeight weight, DeviceRows inputGradient, int rows) => Product(
        Of(weight), static products => products.RowsByColumns, rows, weight.Inputs,
        outputGradient.Start, (nint)0, outputGradient.Stride, 1, weight.Start, (nint)0, weight.Stride, 1, (nint)0, 0,
        inputGradient.Start, inputGradient.Stride, rows, weight.Inputs, weight.Outputs);

    /// <summary>The weight's gradient, outputGradientᵀ · inputs, summed over the rows.</summary>
    /// <param name="outputGradient">The gradients of the outputs.</param>
    /// <param name="inputs">The inputs.</param>
    /// <param name="chosen">For each row the one of the inputs that is its own; 0 where they are in order.</param>
    /// <param name="gradient">The weight's gradient.</param>
    /// <param name="rows">How many rows.</param>
    public void Gradient(DeviceRows outputGradient, DeviceRows inputs, nint chosen, DeviceWeight gradient, int rows) => Product(
        Of(gradient), static products => products.ColumnsByColumns, gradient.Outputs, gradient.Inputs,
        outputGradient.Start, (nint)0, 1, outputGradient.Stride, inputs.Start, chosen, inputs.Stride, 1, (nint)0, 0,
        gradient.Start, gradient.Stride, gradient.Outputs, gradient.Inputs, rows);

    /// <summary>to = to + from, row by row; a row of from by its place where places are given.</summary>
    public void Add(DeviceRows from, nint places, DeviceRows to, int rows, int columns) =>
        Each(RowKernels.Add, rows, columns, from.Start, places, from.Stride, to.Start, to.Stride, rows, columns);

    /// <summary>to = from · factor, or added to what is there, row by row, by places where they are given.</summary>
    public void Copy(DeviceRows from, nint fromPlaces, DeviceRows to, nint toPlaces, nint factors, bool adds, int rows, int columns) =>
        Each(
            RowKernels.Copy, rows, columns, from.Start, fromPlaces, from.Stride, to.Start, toPlaces, to.Stride, factors, adds ? 1 : 0, rows,
            columns);

    /// <summary>to = from · the mask of dropout whose rows have these keys.</summary>
    public void Drop(DeviceRows from, DeviceRows to, nint keys, ulong threshold, float kept, int rows, int columns) => Each(
        RowKernels.Drop, rows, columns, from.Start, from.Stride, to.Start, to.Stride, keys, threshold, kept, rows, columns);

    /// <summary>to = the sum of the rows.</summary>
    public void Sum(DeviceRows from, nint to, int rows, int columns) =>
        Each(RowKernels.Sum, 1, columns, from.Start, from.Stride, to, rows, columns);

    /// <summary>to = the sum of the rows' products.</summary>
    public void SumProducts(DeviceRows left, DeviceRows right, nint to, int rows, int columns) =>
        Each(RowKernels.SumProducts, 1, columns, left.Start, left.Stride, right.Start, right.Stride, to, rows, columns);

    /// <summary>to = the sum of each group's rows, times its factor.</summary>
    public void SumGroups(
        DeviceRows from, nint order, nint ends, DeviceRows to, nint toPlaces, nint factors, bool adds, int groups, int columns) => Each(
        RowKernels.SumGroups, groups, columns, from.Start, from.Stride, order, ends, to.Start, toPlaces, to.Stride, factors, adds ? 1 : 0,
        groups, columns);

    private Products Of(DeviceWeight weight) => cores?.Of(weight) ?? ProductKernel.All;

    private void Product(
        Products products, Func<Products, KernelCode> kernel, int rows, int columns, params ReadOnlySpan<Argument> arguments) =>
        commands.Launch(
            kernel(products), Blocks(rows, ProductKernel.Tile), Blocks(columns, ProductKernel.Tile), products.Threads, arguments);

    private void Each(KernelCode kernel, int rows, int columns, params ReadOnlySpan<Argument> arguments) =>
        commands.Launch(kernel, Blocks(rows * columns, RowKernels.Threads), 1, RowKernels.Threads, arguments);

    /// <summary>How many blocks have all of them.</summary>
    public static int Blocks(int count, int each) => (count + each - 1) / each;
}
