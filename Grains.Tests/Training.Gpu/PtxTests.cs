using System.Text.RegularExpressions;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Training.Fused.Cells;
using Orleans.Tbptt.Training.Fused.Losses;
using Orleans.Tbptt.Training.Gpu.Code;
using Orleans.Tbptt.Training.Gpu.Kernels;
using Orleans.Tbptt.Training.Gpu.Network;
using Orleans.Tbptt.Training.Gpu.Ptx;

namespace Orleans.Tbptt.Tests.Training.Gpu;

/// <summary>The text that a GPU's driver gets, read line by line: nothing in it may leave a rounding to the compiler.</summary>
public sealed partial class PtxTests
{
    // The instructions that PTX defines for these types, for every architecture from sm_80 on.
    private static readonly HashSet<string> Known =
    [
        "fma.rn.f32", "add.rn.f32", "sub.rn.f32", "mul.rn.f32", "div.rn.f32", "neg.f32", "add.rn.f64", "sub.rn.f64", "mul.rn.f64",
        "div.rn.f64", "setp.lt.f32", "setp.lt.f64", "selp.f32", "selp.f64", "mov.f32", "mov.f64", "cvt.rzi.s32.f32", "cvt.f64.f32",
        "cvt.rn.f32.f64", "cvt.rn.f64.s32", "ld.global.f32", "ld.global.f64", "st.global.f32", "st.global.f64", "ld.shared.f64",
        "st.shared.f64", "ld.shared.f32", "st.shared.f32", "ld.param.f32", "ld.param.s32", "ld.param.u64", "ld.global.s32",
        "ld.global.u64", "mov.s32", "mov.u32", "mov.u64", "mov.b32", "mov.b64", "add.s32", "add.u64", "sub.s32", "mul.lo.s32",
        "mul.lo.u64", "mad.wide.s32", "div.s32", "rem.s32", "and.b32", "and.pred", "or.pred", "sqrt.rn.f64", "or.b32", "xor.b64",
        "and.b64", "or.b64", "shl.b32", "shr.s32", "shr.u64", "setp.lt.s32", "setp.le.s32", "setp.eq.s32", "setp.lt.u64", "setp.ne.u64",
        "selp.b32", "cvt.s64.s32", "cvt.u32.u64", "bra", "bar.sync", "ret", "fence.acq_rel.gpu", "atom.acq_rel.gpu.global.add.u32",
        "ld.acquire.gpu.global.u32", "setp.ne.u32", "setp.lt.u32",
    ];

    // What products of tensor cores have besides: PTX 7.0 defines all of it for sm_80.
    private static readonly Dictionary<PrecisionKind, string[]> OfTensorCores = new()
    {
        [PrecisionKind.Tf32] =
            ["cvt.rna.tf32.f32", "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32", "ld.shared.b32", "st.shared.b32"],
        [PrecisionKind.Bfloat16] =
            ["cvt.rn.bf16x2.f32", "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32", "ld.shared.b32", "st.shared.b32"],
    };

    private static readonly KernelCode[] Tensor = [.. TensorProductKernel.Tf32.All, .. TensorProductKernel.Bfloat16.All];

    public static MatrixTheoryData<string, int> Cells { get; } = new(TestChoices.Cells, [5, 64, 512, 1024, 4096]);

    /// <summary>The losses', of few classes and of many.</summary>
    private static readonly KernelCode[] OfLosses =
    [
        LossKernels.OfElements(new SquaredError()), LossKernels.OfElements(new AbsoluteError()), LossKernels.OfElements(new Huber()),
        .. from classes in new[] { 1, 50_000 }
           from loss in new CrossEntropy[]
           {
               new(), new() { LabelSmoothing = 0.1 }, new() { ClassWeights = new([1]) },
               new() { ClassWeights = new([1]), LabelSmoothing = 0.1 },
           }
           select LossKernels.OfClasses(loss, classes),
        SumKernels.InOrder, SumKernels.Fixed, SumKernels.FixedOfSquares,
    ];

    [Theory, MemberData(nameof(Cells))]
    public void Kernels_RoundAllThatTheyCompute_AndNeedNothingElse(string word, int units) => RoundAll(Of(word, units));

    [Fact]
    public void Losses_RoundAllThatTheyCompute_AndNeedNothingElse() => RoundAll(OfLosses);

    /// <summary>Their kernels have these instructions, all of them and no others besides the known ones; float32's have none.</summary>
    [Theory]
    [InlineData(PrecisionKind.Tf32)]
    [InlineData(PrecisionKind.Bfloat16)]
    public void TensorCores_HaveTheInstructionsOfTheirPrecision_AndNoOtherKernelHas(PrecisionKind precision)
    {
        var products = precision == PrecisionKind.Tf32 ? TensorProductKernel.Tf32 : TensorProductKernel.Bfloat16;
        RoundAll(products.All, OfTensorCores[precision]);
        foreach (var kernel in products.All)
            Assert.Subset(Instructions(PtxWriter.Write([kernel], "sm_80")), OfTensorCores[precision].ToHashSet());
        Assert.Empty(OfTensorCores.Values.SelectMany(own => own).Intersect(Known));
        Assert.All(
            [.. Of("lstm", 64), .. Of("gru", 64), .. OfLosses],
            kernel => Assert.DoesNotMatch(@"mma|tf32|bf16|%b\d|\.reg \.b32", PtxWriter.Write([kernel], "sm_90")));
        string text = PtxWriter.Write(products.All, "sm_90");
        Assert.Matches(@"    mma\.sync\.aligned\.m16n8k\d+\.row\.col\.f32\.\w+\.\w+\.f32 \{(%f\d+(, )?){4}\}, \{(%b\d+(, )?){4}\}, "
            + @"\{%b\d+, %b\d+\}, \{(%f\d+(, )?){4}\};", text);
        Assert.Matches(@"    cvt\.r\w+\.\w+\.f32 %b\d+, %f\d+(, %f\d+)?;", text);
    }

    private static HashSet<string> Instructions(string text) => [.. Line().Matches(text).Select(match => match.Groups[1].Value)];

    /// <summary>Of a cell, of which some units may stay as they were, as far as it has such states.</summary>
    private static IReadOnlyList<KernelCode> Of(string word, int units)
    {
        var cell = (RecurrentCell)TestChoices.Cell(word);
        ZonedState[] zones = cell.States > 2 ? [] : [.. Enumerable.Range(0, cell.States).Select(state => new ZonedState(state, 0.1))];
        return [.. GpuNetwork.KernelsOf(new(cell, units)), .. new SweepKernels(cell, units, zones).All];
    }

    private static void RoundAll(IReadOnlyList<KernelCode> kernels, params string[] besides)
    {
        foreach (string target in (string[])["sm_80", "sm_90"])
        {
            string text = PtxWriter.Write(kernels, target);

            Assert.Contains($".target {target}\n", text, StringComparison.Ordinal);
            foreach (string banned in (string[])["approx", "ftz", ".extern", ".func", "call"])
                Assert.DoesNotContain(banned, text, StringComparison.Ordinal);
            Assert.Equal(kernels.Select(kernel => kernel.Name), Entry().Matches(text).Select(match => match.Groups[1].Value));
            Assert.Subset(Known.Union(besides).ToHashSet(), Instructions(text));
        }
    }

    /// <summary>What a block needs must be there on every such device: 48 KiB, 1,024 threads, and registers for all of them.</summary>
    [Theory]
    [InlineData("lstm", 64)]
    [InlineData("lstm", 4096)]
    [InlineData("gru", 64)]
    [InlineData("{name: gru, resetAfter: false}", 64)]
    [InlineData("{name: lstm, projectionSize: 2}", 64)]
    [InlineData("slstm", 64)]
    public void Kernels_KeepToTheLimitsOfABlock(string word, int units) => Assert.All(
        [.. Of(word, units), .. OfLosses, .. Tensor],
        kernel =>
        {
            Assert.InRange(kernel.SharedBytes, 0, 48 << 10);
            Assert.InRange(kernel.Threads, 1, 1024);

            // 65,536 of a processor, of which a thread has 255 at most; the compiler gives one to many of ours, one after the other.
            Assert.InRange(Liveness.Most(kernel) * kernel.Threads, 1, 65_536);
            Assert.InRange(Liveness.Most(kernel), 1, 200);
        });

    /// <summary>Every register that is read has been written before, and every branch has its label.</summary>
    [Theory, MemberData(nameof(Cells))]
    public void Kernels_ReadWhatTheyHaveWritten(string word, int units) => Assert.All(
        [.. Of(word, units), .. OfLosses, .. Tensor],
        kernel =>
        {
            HashSet<int> written = [];
            HashSet<long> labels = [], branches = [];
            foreach (var one in kernel.Instructions)
            {
                for (int i = 0; i < one.Reads; i++)
                    Assert.True(one.Read(i).IsConstant || written.Contains(one.Read(i).Register), $"{kernel.Name}: {one}");
                if (one.HasResult)
                    written.Add(one.Result.Register);
                if (one.Operation == Operation.Label)
                    Assert.True(labels.Add(one.A.Bits));
                else if (one.Operation is Operation.Branch or Operation.BranchUnless)
                    branches.Add((one.Operation == Operation.Branch ? one.A : one.B).Bits);
            }

            Assert.Subset(labels, branches);
            Assert.Equal(Operation.Exit, kernel.Instructions[^1].Operation);
        });

    [Fact]
    public void RecurrentWeights_StayInSharedMemory_WhereABlocksUnitsFit() => Assert.All(
        ((int Units, int Expected)[])[(1, 1), (20, 32), (64, 32), (128, 16), (256, 8), (512, 4), (1024, 2), (2048, 1)],
        size =>
        {
            var shape = new SweepShape(new LstmCell(), size.Units);

            Assert.Equal((size.Expected, true), (shape.BlockUnits, shape.Resident));
        });

    [GeneratedRegex(@"^\.visible \.entry (\w+)\(", RegexOptions.Multiline)]
    private static partial Regex Entry();

    [GeneratedRegex(@"^    (?:@!?%\w+ )?([a-z][\w.]*)[ ;]", RegexOptions.Multiline)]
    private static partial Regex Line();
}
