using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Fused.Losses;

namespace Orleans.Tbptt.Tests.Training.Reference;

/// <summary>Losses in double precision with the mathematical library, written from the densities of the distributions.</summary>
internal static class ReferenceLosses
{
    /// <summary>Lanczos' coefficients for g = 7 (Godfrey, 2001).</summary>
    private static readonly double[] Lanczos =
    [
        0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059, 12.507343278686905,
        -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
    ];

    /// <summary>The loss of a class.</summary>
    public static double Entropy(CrossEntropy rule, double[] y, int target)
    {
        if (target == rule.IgnoredClass)
            return 0;
        double log = Math.Log(y.Sum(Math.Exp));
        double Weight(int k) => rule.ClassWeights.Count == 0 ? 1 : rule.ClassWeights[k];
        return y.Select((one, k) => (log - one) * Weight(k)
            * (rule.LabelSmoothing / y.Length + (k == target ? 1 - rule.LabelSmoothing : 0))).Sum();
    }

    /// <summary>The loss of a target, of the outputs for it.</summary>
    public static double Target(LossSpec loss, double[] x, double y) => loss switch
    {
        Quantile rule => rule.Quantiles.Values.Select((level, i) => (Level: level, Above: y - x[0] - x[1..(i + 1)].Sum(Softplus)))
            .Average(one => Math.Max(one.Level * one.Above, (one.Level - 1) * one.Above)),
        Gaussian rule => -Math.Log(
            Math.Exp(-Math.Pow((y - x[0]) / (Softplus(x[1]) + rule.LeastDeviation), 2) / 2)
            / (Math.Sqrt(2 * Math.PI) * (Softplus(x[1]) + rule.LeastDeviation))),
        StudentT rule => Student(y, x[0], Softplus(x[1]) + rule.LeastDeviation, 2 + Softplus(x[2])),
        NegativeBinomial => Counts(y, Softplus(x[0]) + 1e-6, Softplus(x[1]) + 1e-3),
        BinaryCrossEntropy => -((y * Math.Log(1 / (1 + Math.Exp(-x[0])))) + ((1 - y) * Math.Log(1 - (1 / (1 + Math.Exp(-x[0])))))),
        _ => throw new InvalidOperationException($"the reference has no {loss.Word}"),
    };

    /// <summary>The squares of a lane's filtered errors, summed over a chunk; a time step behind a masked one does not count.</summary>
    public static double Emphasised(ErrorToSignal rule, IReadOnlyList<double[]> outputs, double[][] targets) =>
        Enumerable.Range(0, outputs.Count).Sum(t => Enumerable.Range(0, outputs[t].Length).Sum(column =>
        {
            double error = outputs[t][column] - targets[t][column];
            double before = t == 0 ? 0 : outputs[t - 1][column] - targets[t - 1][column];
            return double.IsNaN(error + before) ? 0 : Math.Pow(error - (rule.Emphasis * before), 2);
        }));

    private static double Student(double y, double location, double scale, double freedom)
    {
        double z = (y - location) / scale;
        return LogGamma(freedom / 2) - LogGamma((freedom + 1) / 2) + (Math.Log(freedom * Math.PI) / 2) + Math.Log(scale)
            + ((freedom + 1) / 2 * Math.Log(1 + (z * z / freedom)));
    }

    private static double Counts(double y, double mean, double shape)
    {
        double inverse = 1 / shape, success = 1 / (1 + (shape * mean));
        return LogGamma(inverse) + LogGamma(y + 1) - LogGamma(y + inverse) - (inverse * Math.Log(success)) - (y * Math.Log(1 - success));
    }

    private static double Softplus(double x) => Math.Log(1 + Math.Exp(x));

    private static double LogGamma(double x)
    {
        double sum = Lanczos[0], t = x + 6.5;
        for (int i = 1; i < Lanczos.Length; i++)
            sum += Lanczos[i] / (x - 1 + i);
        return (Math.Log(2 * Math.PI) / 2) + ((x - 0.5) * Math.Log(t)) - t + Math.Log(sum);
    }
}
