using System.Reflection;
using System.Reflection.Emit;
using Orleans.Tbptt.Training.Fused.Simd;
using Orleans.Tbptt.Training.Gpu.Code;

namespace Orleans.Tbptt.Training.Gpu.Emulation;

/// <summary>What a thread of an emulated grid reads.</summary>
internal unsafe struct ThreadPlace
{
    /// <summary>The parameters, 8 bytes each.</summary>
    public long* Parameters;

    /// <summary>The thread's registers that must outlive a barrier, 8 bytes each.</summary>
    public long* Kept;

    /// <summary>The block's shared memory.</summary>
    public byte* Shared;

    public int Thread, BlockX, BlockY, BlocksX, BlocksY;
}

/// <summary>
/// A kernel as a method of .NET, instruction for instruction: it runs one thread from one barrier to the next. Additions, products,
/// quotients and fused multiply-adds of .NET are those of IEEE 754, as the GPU's are.
/// </summary>
internal sealed partial class EmulatedKernel
{
    /// <summary>What a run returns of a thread that has ended.</summary>
    public const int Ended = -1;

    private static readonly MethodInfo FusedSingle = Method(nameof(Fused), typeof(float), typeof(float), typeof(float));
    private static readonly MethodInfo FusedDouble = Method(nameof(Fused), typeof(double), typeof(double), typeof(double));
    private static readonly MethodInfo SquareRoot = typeof(Math).GetMethod(nameof(Math.Sqrt), [typeof(double)])!;
    private static readonly MethodInfo Tf32 = typeof(TensorNumbers).GetMethod(nameof(TensorNumbers.Tf32))!;
    private static readonly MethodInfo Bfloat16Pair = typeof(TensorNumbers).GetMethod(nameof(TensorNumbers.Bfloat16Pair))!;
    private static readonly MethodInfo Check = typeof(EmulatedMemory).GetMethod(nameof(EmulatedMemory.Check))!;

    private readonly KernelCode _code;
    private readonly ILGenerator _il;
    private readonly LocalBuilder[] _locals;
    private readonly Dictionary<long, Label> _labels = [];
    private readonly List<int> _keptRegisters = [];
    private readonly List<Label> _resumes = [];
    private readonly Dictionary<int, WarpProduct> _products = [];

    private EmulatedKernel(KernelCode code)
    {
        _code = code;
        Type[] parameters = [typeof(ThreadPlace).MakeByRefType(), typeof(int)];
        var method = new DynamicMethod(code.Name, typeof(int), parameters, typeof(EmulatedKernel).Module, skipVisibility: true);
        _il = method.GetILGenerator();
        _locals = [.. code.Registers.Select(type => _il.DeclareLocal(TypeOf(type)))];
        FindKept();
        Compile();
        Run = method.CreateDelegate<Body>();
    }

    /// <summary>Runs a thread from a barrier, by its number, or from the start, 0.</summary>
    /// <returns>The number to continue from behind the barrier it has come to, or <see cref="Ended"/>.</returns>
    public delegate int Body(ref ThreadPlace place, int from);

    /// <summary>Runs a thread to its next barrier.</summary>
    public Body Run { get; }

    /// <summary>How many registers outlive barriers.</summary>
    public int Kept => _keptRegisters.Count;

    /// <summary>The numbers that stand for barriers of the whole grid.</summary>
    public IReadOnlySet<int> GridBarriers { get; } = new HashSet<int>();

    /// <summary>The products of a warp, by the numbers that stand for the places at which its threads wait for each other.</summary>
    public IReadOnlyDictionary<int, WarpProduct> Products => _products;

    /// <summary>Compiles a kernel.</summary>
    public static EmulatedKernel Of(KernelCode code) => new(code);

    /// <summary>a · b + c, rounded once.</summary>
    public static float Fused(float a, float b, float c) =>
        SingleRounding.IsHardwareAccelerated ? MathF.FusedMultiplyAdd(a, b, c) : SingleRounding.MultiplyAdd(a, b, c);

    /// <summary>a · b + c, rounded once.</summary>
    public static double Fused(double a, double b, double c) => Math.FusedMultiplyAdd(a, b, c);

    /// <summary>A register whose every reader and writer lie in one run of instructions need not be kept.</summary>
    private void FindKept()
    {
        int[] block = new int[_code.Registers.Count];
        bool[] kept = new bool[block.Length];
        int current = 1;
        foreach (var one in _code.Instructions)
        {
            for (int i = 0; i < one.Reads; i++)
                Note(one.Read(i));
            if (one.HasResult)
                Note(one.Result);
            if (one.EndsBlock)
                current++;

            // The product is computed from what its threads keep.
            for (int i = 0; i < one.Reads && one.IsOfWarp; i++)
                kept[one.Read(i).Register] = true;
        }

        for (int register = 0; register < kept.Length; register++)
        {
            if (kept[register])
                _keptRegisters.Add(register);
        }

        void Note(Operand operand)
        {
            if (operand.IsConstant)
                return;
            ref int first = ref block[operand.Register];
            kept[operand.Register] |= first != 0 && first != current;
            first = current;
        }
    }

    private void Compile()
    {
        int barriers = _code.Instructions.Count(IsPause);
        for (int i = 0; i < barriers; i++)
            _resumes.Add(_il.DefineLabel());
        var start = _il.DefineLabel();
        _il.Emit(OpCodes.Ldarg_1);
        _il.Emit(OpCodes.Switch, [start, .. _resumes]);
        _il.MarkLabel(start);
        int next = 0;
        foreach (var one in _code.Instructions)
        {
            if (!IsPause(one))
            {
                Emit(one);
                continue;
            }

            if (one.IsOfWarp)
                _products[next + 1] = WarpProduct.Of(one, _keptRegisters);
            Pause(++next, one.Operation == Operation.GridBarrier);
        }
    }

    private static bool IsPause(Instruction one) => one.IsOfWarp || one.Operation is Operation.Barrier or Operation.GridBarrier;

    private void Pause(int number, bool spansGrid)
    {
        if (spansGrid)
            ((HashSet<int>)GridBarriers).Add(number);
        for (int i = 0; i < _keptRegisters.Count; i++)
        {
            PlaceOf(i);
            _il.Emit(OpCodes.Ldloc, _locals[_keptRegisters[i]]);
            StoreTo(_code.Registers[_keptRegisters[i]]);
        }

        _il.Emit(OpCodes.Ldc_I4, number);
        _il.Emit(OpCodes.Ret);
        _il.MarkLabel(_resumes[number - 1]);
        for (int i = 0; i < _keptRegisters.Count; i++)
        {
            PlaceOf(i);
            LoadFrom(_code.Registers[_keptRegisters[i]]);
            _il.Emit(OpCodes.Stloc, _locals[_keptRegisters[i]]);
        }
    }

    private void PlaceOf(int kept)
    {
        Field(nameof(ThreadPlace.Kept));
        _il.Emit(OpCodes.Ldc_I4, kept * sizeof(long));
        _il.Emit(OpCodes.Add);
    }

    private Label LabelOf(Operand number)
    {
        if (!_labels.TryGetValue(number.Bits, out var label))
            _labels[number.Bits] = label = _il.DefineLabel();
        return label;
    }

    private static MethodInfo Method(string name, params Type[] types) => typeof(EmulatedKernel).GetMethod(name, types)!;

    private static Type TypeOf(RegisterType type) => type switch
    {
        RegisterType.F32 => typeof(float),
        RegisterType.F64 => typeof(double),
        RegisterType.I64 => typeof(long),
        _ => typeof(int),
    };
}
